"""The channels of a request: their names, and class folders in a channel train that is the only one."""

import pytest

from container.data.class_folders import picture_channels, read_split, read_splits
from container.runtime.failure import TrainingFailure
from contract.data_layout import arrange


@pytest.fixture
def given(channels, monkeypatch):
    """Gives the folders of splits as channels of other names."""

    def give(**names):
        for split in ("train", "valid", "test"):
            monkeypatch.delenv(f"SM_CHANNEL_{split.upper()}", raising=False)
        for name, split in names.items():
            monkeypatch.setenv(f"SM_CHANNEL_{name.upper()}", str(channels / split))

    return give


@pytest.mark.parametrize("names", [("train", "valid"), ("training", "validation"), ("train", "val")])
def test_usual_names_of_channels_are_understood(channels, given, names):
    given(**dict(zip(names, ("train", "valid"), strict=True)), pretrained="test")
    assert picture_channels() == {"train": channels / "train", "valid": channels / "valid"}
    assert {name: len(split.paths) for name, split in read_splits().items()} == {"train": 30, "valid": 12}


def test_two_channels_of_one_split_are_named(given):
    given(train="train", valid="valid", validation="test")
    with pytest.raises(TrainingFailure, match="channels valid and validation both mean valid"):
        read_splits()


def test_a_channel_train_alone_is_split_as_upload_splits_the_same_folder(channels, given):
    given(train="train")
    splits = read_splits()
    found = {f"{name}/{path.parent.name}/{path.name}" for name, split in splits.items() for path in split.paths}
    names = [path.relative_to(channels / "train").as_posix() for path in (channels / "train").rglob("*.jpg")]
    assert found == set(arrange(names, "DATA", lambda name: True).places.values())
    assert {name: len(split.paths) for name, split in splits.items()} == {"train": 24, "valid": 3, "test": 3}
    assert splits["train"].classes == splits["test"].classes and splits["test"].labels == (0, 1, 2)
    assert splits["train"].warnings[0].endswith("split 80/10/10: train 24, valid 3, test 3")
    assert all(
        path.parent.name.partition(".")[2] == split.classes[label]
        for split in splits.values()
        for path, label in zip(split.paths, split.labels, strict=True)
    )


def test_a_missing_valid_is_named_where_test_is_given_and_where_nothing_can_be_split(channels, given):
    given(train="train", test="test")
    with pytest.raises(
        TrainingFailure, match=r"Channel valid is missing: the request's channels are test, train\. Add valid"
    ):
        read_splits()
    for folder in (channels / "train").iterdir():
        for picture in sorted(folder.iterdir())[1:]:
            picture.unlink()
    given(train="train")
    with pytest.raises(TrainingFailure, match="one picture of each class, which cannot be split"):
        read_splits()


def test_pictures_in_folders_of_a_class_are_split_too(channels, given):
    for folder in (channels / "train").iterdir():
        (folder / "2026").mkdir()
        for picture in list(folder.glob("?.jpg")):
            picture.rename(folder / "2026" / picture.name)
    given(train="train")
    assert sum(len(split.paths) for split in read_splits().values()) == 30
    assert len(read_split(channels / "train", "train").paths) == 30
