"""Channels as users' folders are: links, hidden folders, a folder too many, whole splits, names that look the same."""

import shutil
import unicodedata

import pytest

from container.data.class_folders import read_split
from container.runtime.failure import TrainingFailure

CLASSES = ("Amber_hound", "Slate_setter", "Fern_terrier")
COMPOSED, DECOMPOSED = "Chien_d'été", unicodedata.normalize("NFD", "Chien_d'été")


def test_a_number_that_only_some_class_folders_have_stays_in_the_names_and_is_said(channels):
    (channels / "train/003.Fern_terrier").rename(channels / "train/1.25 mm")
    (channels / "valid/003.Fern_terrier").rename(channels / "valid/1.25 mm")
    train = read_split(channels / "train", "train")
    assert train.classes == ("001.Amber_hound", "002.Slate_setter", "1.25 mm")
    assert "(001.Amber_hound) and others without (1.25 mm)" in train.warnings[0]
    valid = read_split(channels / "valid", "valid", train.classes)
    assert set(valid.labels) == {0, 1, 2} and valid.warnings == ()


def test_folders_whose_names_look_the_same_are_one_class_and_it_is_said(channels):
    (channels / "train/001.Amber_hound").rename(channels / f"train/001.{COMPOSED}")
    (channels / "train/002.Slate_setter").rename(channels / f"train/001.{DECOMPOSED}")
    (channels / "valid/001.Amber_hound").rename(channels / f"valid/001.{DECOMPOSED}")
    shutil.rmtree(channels / "valid/002.Slate_setter")
    train = read_split(channels / "train", "train")
    assert train.classes == (COMPOSED, "Fern_terrier") and train.labels.count(0) == 20
    assert f"two folders {COMPOSED} whose names look the same" in train.warnings[0]
    assert read_split(channels / "valid", "valid", train.classes).labels.count(0) == 4


def test_hidden_folders_in_classes_are_left_out_and_counted(channels):
    beagle = channels / "train/001.Amber_hound"
    for folder in (".ipynb_checkpoints", "__MACOSX", "@eaDir"):
        (beagle / folder).mkdir()
        shutil.copy(beagle / "0.jpg", beagle / folder / "copy.jpg")
    (channels / "train/.Trash-1000").mkdir()
    split = read_split(channels / "train", "train")
    assert len(split.paths) == 30 and split.classes == CLASSES
    [warning] = split.warnings
    assert "3 files in hidden folders" in warning and all(
        name in warning for name in (".ipynb_checkpoints", "__MACOSX", "@eaDir")
    )


def test_linked_class_folders_and_folders_in_them_are_read(channels, tmp_path):
    (channels / "train/002.Slate_setter").rename(tmp_path / "setters")
    (channels / "train/002.Slate_setter").symlink_to(tmp_path / "setters")
    (channels / "train/003.Fern_terrier").rename(tmp_path / "terriers")
    (channels / "train/003.Fern_terrier").mkdir()
    (channels / "train/003.Fern_terrier/2026").symlink_to(tmp_path / "terriers")
    (channels / "train/003.Fern_terrier/all").symlink_to(channels)
    split = read_split(channels / "train", "train")
    assert split.classes == CLASSES and len(split.paths) == 30
    assert "links back to a folder that they are in, which are not followed: 003.Fern_terrier/all" in split.warnings[0]


def test_a_class_folder_that_is_a_link_to_nowhere_ends_the_run(channels):
    (channels / "train/004.Birch_spitz").symlink_to("/elsewhere/spitzes")
    with pytest.raises(
        TrainingFailure, match=r"Class folder 004\.Birch_spitz of channel train is a link to /elsewhere/s"
    ):
        read_split(channels / "train", "train")


def test_a_picture_that_is_a_link_to_nowhere_is_said(channels):
    (channels / "train/001.Amber_hound/99.jpg").symlink_to("/elsewhere/99.jpg")
    split = read_split(channels / "train", "train")
    assert len(split.paths) == 30 and "1 links that lead nowhere in the container" in split.warnings[0]


def test_class_folders_in_one_folder_more_are_found(channels):
    for name in ("train", "valid"):
        (channels / name).rename(channels / "dogs")
        (channels / name).mkdir()
        (channels / "dogs").rename(channels / name / "dogs")
    train = read_split(channels / "train", "train")
    assert train.classes == CLASSES and len(train.paths) == 30
    assert "channel train has one folder, dogs, and its classes are the folders in that" in train.warnings
    assert len(read_split(channels / "valid", "valid", train.classes).paths) == 12


def test_the_one_class_of_a_split_with_folders_in_it_is_a_class(channels):
    shutil.rmtree(channels / "valid/002.Slate_setter")
    shutil.rmtree(channels / "valid/003.Fern_terrier")
    for year in ("2025", "2026"):
        (channels / "valid/001.Amber_hound" / year).mkdir()
        for number in (0, 1):
            (channels / f"valid/001.Amber_hound/{number}.jpg").replace(
                channels / f"valid/001.Amber_hound/{year}/{number}.jpg"
            )
            shutil.copy(
                channels / f"valid/001.Amber_hound/{year}/{number}.jpg",
                channels / f"valid/001.Amber_hound/{number}.jpg",
            )
    for loose in (channels / "valid/001.Amber_hound").glob("*.jpg"):
        loose.unlink()
    assert set(read_split(channels / "valid", "valid", CLASSES).labels) == {0}


@pytest.mark.parametrize("name", ["valid", "val"])
def test_a_channel_that_holds_whole_splits_is_named(channels, name):
    (channels / "valid").rename(channels / name)
    with pytest.raises(TrainingFailure, match=f"Channel train holds whole splits, .*train, {name}"):
        read_split(channels, "train")


def test_a_class_may_be_called_as_a_split_is(channels):
    (channels / "train/001.Amber_hound").rename(channels / "train/train")
    assert "train" in read_split(channels / "train", "train").classes


def test_pictures_without_a_suffix_are_found_and_pictures_that_nobody_takes_are_named(channels):
    amber = channels / "train/001.Amber_hound"
    (amber / "0.jpg").rename(amber / "n02110806_1")
    (amber / "LICENSE").write_text("all rights reserved")
    assert len(read_split(channels / "train", "train").paths) == 30
    (channels / "train/004.Birch_spitz").mkdir()
    (channels / "train/004.Birch_spitz/0.jp2").write_bytes(b"x")
    with pytest.raises(TrainingFailure, match=r"no picture of Birch_spitz. It has 1 JPEG 2000 \(.jp2\), which are not"):
        read_split(channels / "train", "train")


def test_pictures_that_nobody_takes_are_named_where_valid_has_no_others(channels):
    shutil.rmtree(channels / "valid")
    (channels / "valid/001.Amber_hound").mkdir(parents=True)
    (channels / "valid/001.Amber_hound/0.jp2").write_bytes(b"x")
    with pytest.raises(TrainingFailure, match=r"Channel valid has no pictures in its .* It has 1 JPEG 2000 \(.jp2\)"):
        read_split(channels / "valid", "valid", CLASSES)
