"""Layouts of users' data sets: each is understood, or says what was seen and what to do."""

from collections import Counter

import pytest

from contract.data_layout import arrange
from contract.splits import split_pictures

CLASSES = ("001.Beagle", "002.Cat")


def pictures(*folders, each=1):
    return [f"{folder}/{name}/{number}.jpg" for folder in folders for name in CLASSES for number in range(each)]


def arranged(names, **more):
    return arrange(names, "DATA", lambda name: name.endswith(".jpg"), **more)


def splits_of(layout):
    return Counter(place.split("/")[0] for place in layout.places.values())


def test_a_data_set_that_is_laid_out_already_stays_as_it_is():
    names = [*pictures("train", "valid", "test"), "train/labels.txt"]
    layout = arranged(names)
    assert layout.places == {name: name for name in names} and layout.notes == ()


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (("train", "val", "test"), "val is taken as valid"),
        (("train", "validation"), "validation is taken as valid"),
        (("training", "valid"), "training is taken as train"),
        (("Train", "Val", "TEST"), "TEST is taken as test"),
        (("train", "valid", "testing"), "testing is taken as test"),
    ],
)
def test_usual_names_of_splits_are_understood_and_said(folders, said):
    layout = arranged(pictures(*folders))
    assert splits_of(layout).keys() == {"train", "valid", "test"} - ({"test"} if len(folders) == 2 else set())
    assert any(said in note for note in layout.notes)
    assert layout.places[f"{folders[1]}/001.Beagle/0.jpg"] == "valid/001.Beagle/0.jpg"


@pytest.mark.parametrize("above", ["./", "dogs/", "archive/MyDogs/", "./a//b/"])
def test_folders_above_the_splits_and_dots_are_no_part_of_the_names(above):
    layout = arranged([*(above + name for name in pictures("train", "valid")), "readme.txt"])
    assert layout.places[f"{above}valid/002.Cat/0.jpg"] == "valid/002.Cat/0.jpg" and len(layout.places) == 4


def test_class_folders_alone_are_split_alike_in_every_class():
    layout = arranged(f"dogs/{name}" for name in pictures(".", each=20))
    assert splits_of(layout) == {"train": 32, "valid": 4, "test": 4}
    for folder in CLASSES:
        inside = Counter(place.split("/")[0] for place in layout.places.values() if f"/{folder}/" in place)
        assert inside == {"train": 16, "valid": 2, "test": 2}
    assert "its 2 classes are split 80/10/10" in layout.notes[0] and "train 32, valid 4, test 4" in layout.notes[0]


def test_the_same_picture_is_in_the_same_split_whatever_order_or_folder_it_is_found_in():
    names = pictures(".", each=30)
    first = arranged(names).places
    again = arranged([f"elsewhere/{name}" for name in reversed(names)]).places
    assert sorted(first.values()) == sorted(again.values())
    # Fixed: pictures that a model was trained on must not be in the test split of a later version.
    assert sorted(place for place in first.values() if place.startswith("test/001")) == [
        "test/001.Beagle/23.jpg",
        "test/001.Beagle/29.jpg",
        "test/001.Beagle/3.jpg",
    ]


def test_a_new_picture_moves_few_others():
    before = split_pictures({"a": [f"a/{number}.jpg" for number in range(100)]})
    after = split_pictures({"a": [f"a/{number}.jpg" for number in range(101)]})
    assert sum(before[name] != after[name] for name in before) <= 2


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, {"train": 1}), (2, {"train": 1, "valid": 1}), (3, {"train": 1, "valid": 1, "test": 1}), (6, {"train": 4})],
)
def test_every_split_has_a_picture_of_a_small_class(count, expected):
    found = Counter(split_pictures({"a": [f"a/{number}" for number in range(count)]}).values())
    assert expected.items() <= found.items() and sum(found.values()) == count


def test_other_files_and_loose_pictures_beside_class_folders_are_counted():
    layout = arranged([*pictures(".", each=3), "loose.jpg", "001.Beagle/list.csv"])
    assert len(layout.places) == 6 and "2 files are no pictures in a class folder" in layout.notes[1]


def test_hidden_folders_are_left_out_and_counted():
    junk = ["train/001.Beagle/.ipynb_checkpoints/a.jpg", "__MACOSX/train/001.Beagle/._0.jpg", ".Trash-1000/files/x.jpg"]
    layout = arranged([*pictures("train", "valid"), *junk, "train/.DS_Store"], hidden=Counter({"@eaDir": 5}))
    assert sorted(layout.places) == sorted(pictures("train", "valid"))
    [note] = layout.notes
    assert "8 files in hidden folders (.Trash-1000, .ipynb_checkpoints, @eaDir, __MACOSX)" in note


def test_pictures_beside_the_splits_are_said():
    layout = arranged([*pictures("dogs/train", "dogs/valid", "dogs/holdout", "old"), "dogs/labels/a.csv", "cover.jpg"])
    assert splits_of(layout) == {"train": 2, "valid": 2}
    assert "5 pictures outside the splits are left out (in ., dogs/holdout, old/001.Beagle" in layout.notes[0]


def test_a_test_split_without_classes_is_left_out_and_said():
    layout = arranged([*pictures("train", "valid"), "test/1.jpg", "test/2.jpg"])
    assert splits_of(layout) == {"train": 2, "valid": 2}
    assert "test has no class folders and is left out" in layout.notes[0]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (pictures("train", "test"), "no files under valid/. It has the folders test, train: rename"),
        (pictures("valid", "test"), "no files under train/. It has the folders test, valid: rename"),
        (pictures("train"), "no files under valid/"),
        ([*pictures("train"), "valid/1.jpg"], "no class folders under valid/, only files"),
        (pictures("train", "val", "valid"), "the folders val and valid, which both mean valid"),
        (pictures("Train", "train", "valid"), "the folders Train and train, which both mean train"),
        (pictures("one/train", "one/valid", "two/train"), "several data sets: one, two"),
        (["train/1.jpg", "valid/2.jpg"], "pictures lie right in train, valid. Put them in a folder for each class"),
        (["Beagle/train/1.jpg", "Beagle/val/2.jpg", "Cat/train/3.jpg"], "Beagle/train, Beagle/val, Cat/train, splits"),
        (["images/train/1.jpg", "labels/train/1.txt"], "pictures lie right in train. Put them in a folder for each"),
        (["Beagle/1.jpg", "Beagle/2.jpg"], "pictures in one folder only, Beagle"),
        (["1.jpg", "2.jpg"], "no pictures in folders"),
        ([], "no pictures in folders"),
        (["a/readme.txt"], "no pictures in folders"),
        ([*pictures("train", "valid"), "../train/1.jpg"], "which leads out of it"),
        ([*pictures("train", "valid"), "./train/001.Beagle/0.jpg"], "which would both become train/001.Beagle/0.jpg"),
    ],
)
def test_what_cannot_be_understood_is_a_sentence(names, said):
    with pytest.raises(ValueError, match=said) as error:
        arranged(names)
    assert str(error.value).startswith("DATA ") and str(error.value).endswith(".")
