"""Class names: a number is taken off only where every folder is a number, a dot and a name."""

import unicodedata

import pytest

from contract.class_names import class_among, class_names, partly_numbered

COMPOSED, DECOMPOSED = "Chien d'été", unicodedata.normalize("NFD", "Chien d'été")


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["001.Affenpinscher", "133.Yorkshire_terrier"], ["Affenpinscher", "Yorkshire_terrier"]),
        (["Cat", "St._Bernard"], ["Cat", "St._Bernard"]),
        (["1.25 mm", "0.5 mm", "12.0 mm"], ["1.25 mm", "0.5 mm", "12.0 mm"]),
        (["2023.01", "2023.02"], ["2023.01", "2023.02"]),
        (["0.5", "1"], ["0.5", "1"]),
        (["001.Beagle", "Cat"], ["001.Beagle", "Cat"]),
        (["001.Beagle", "2.5 mm"], ["001.Beagle", "2.5 mm"]),
        (["001.Beagle", "7."], ["001.Beagle", "7."]),
        (["a.1", "b.2"], ["a.1", "b.2"]),
        (["1.v1.0", "2.v2.0"], ["v1.0", "v2.0"]),
    ],
)
def test_a_number_is_no_part_of_the_name_only_where_every_folder_has_one(folders, names):
    assert list(class_names(folders).values()) == names


def test_forms_of_unicode_that_look_the_same_are_one_class():
    assert COMPOSED != DECOMPOSED
    assert class_names([COMPOSED, DECOMPOSED]) == {COMPOSED: COMPOSED, DECOMPOSED: COMPOSED}
    assert class_among(DECOMPOSED, [COMPOSED]) == COMPOSED
    assert class_among(f"007.{DECOMPOSED}", [COMPOSED]) == COMPOSED


@pytest.mark.parametrize(
    ("folder", "classes", "name"),
    [
        ("009.Beagle", ["Beagle"], "Beagle"),
        ("Beagle", ["Beagle"], "Beagle"),
        ("001.Beagle", ["001.Beagle", "Cat"], "001.Beagle"),
        ("1.25 mm", ["1.25 mm", "0.5 mm"], "1.25 mm"),
        ("009.Typo", ["Beagle"], "Typo"),
    ],
)
def test_a_folder_of_another_split_has_the_class_that_train_gave(folder, classes, name):
    assert class_among(folder, classes) == name


def test_folders_with_and_without_a_number_are_found():
    assert partly_numbered(["001.Beagle", "misc"]) == ("001.Beagle", "misc")
    assert partly_numbered(["001.Beagle", "002.Cat"]) is None
    assert partly_numbered(["1.25 mm", "Cat"]) is None
