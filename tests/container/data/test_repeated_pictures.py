"""The same picture in two splits, or twice in one: found by content, said, and not learnt from."""

import re
import shutil

import pytest

from container.data.class_folders import read_split
from container.data.decoding import decoded
from container.data.repeated_pictures import find_repeated
from container.pictures.preprocessing import Preprocessing
from container.runtime.ranks import Ranks

AMBER, SLATE, FERN = "001.Amber_hound", "002.Slate_setter", "003.Fern_terrier"


def found_in(channels, *names, unreadable=()):
    splits = {}
    for name in names or ("train", "valid", "test"):
        splits[name] = read_split(channels / name, name, splits["train"].classes if splits else None)
    digests = {name: [path.read_bytes() for path in split.paths] for name, split in splits.items()}
    repeated = find_repeated(splits, digests, {name: unreadable if name == "train" else () for name in splits})
    paths = splits["train"].paths
    return [f"{paths[row].parent.name}/{paths[row].name}" for row in repeated.left_out], list(repeated.warnings)


def copy(channels, source, *targets):
    for target in targets:
        shutil.copy(channels / source, channels / target)


def test_a_data_set_without_repeated_pictures_is_left_as_it_is(channels):
    assert found_in(channels) == ([], [])


@pytest.mark.parametrize("other", ["valid", "test"])
def test_a_picture_that_is_held_out_as_well_is_not_learnt_from(channels, other):
    copy(channels, f"{other}/{AMBER}/2.jpg", f"train/{AMBER}/again.jpg")
    left_out, [warning] = found_in(channels)
    assert left_out == [f"{AMBER}/again.jpg"]
    assert warning.startswith(
        f"1 picture of channel train is in channel {other}, too (train/{AMBER}/again.jpg, as {other}/{AMBER}/2.jpg)"
    )


def test_a_picture_that_is_in_train_twice_is_learnt_from_once(channels):
    copy(channels, f"train/{AMBER}/2.jpg", f"train/{AMBER}/again.jpg", f"train/{AMBER}/a_third.jpg")
    left_out, [warning] = found_in(channels)
    assert left_out == [f"{AMBER}/a_third.jpg", f"{AMBER}/again.jpg"]
    assert warning.startswith("2 pictures of channel train are in it a second time (the first is ")


def test_a_picture_in_two_classes_is_named(channels):
    copy(channels, f"train/{AMBER}/2.jpg", f"train/{FERN}/again.jpg")
    left_out, [twice, classes] = found_in(channels)
    assert left_out == [f"{FERN}/again.jpg"] and "in it a second time" in twice
    assert f"in another class elsewhere (train/{FERN}/again.jpg, as train/{AMBER}/2.jpg)" in classes


def test_a_picture_that_is_everywhere_is_counted_once_in_what_is_said(channels):
    """As the placeholder of a site that has lost a picture is, in many data sets."""
    source = f"test/{SLATE}/2.jpg"
    copy(channels, source, f"train/{AMBER}/lost.jpg", f"train/{FERN}/lost.jpg", f"train/{FERN}/gone.jpg")
    left_out, [shared, classes] = found_in(channels)
    assert left_out == [f"{AMBER}/lost.jpg", f"{FERN}/gone.jpg", f"{FERN}/lost.jpg"]
    assert shared.startswith("3 pictures of channel train are in channel test, too (the first is ")
    assert classes.startswith("3 pictures of these are in another class elsewhere (the first is ")


def test_what_is_repeated_in_valid_and_test_is_said_and_stays(channels):
    copy(channels, f"valid/{AMBER}/2.jpg", f"valid/{AMBER}/again.jpg", f"test/{AMBER}/also.jpg")
    left_out, warnings = found_in(channels)
    assert left_out == []
    assert [warning.split(" (")[0] for warning in warnings] == [
        "1 picture of channel valid is in it a second time",
        "1 picture of channel test is in channel valid, too",
    ]


def test_channels_of_the_same_pictures_are_trained_on_and_it_is_said(channels):
    shutil.rmtree(channels / "valid")
    shutil.copytree(channels / "train", channels / "valid")
    copy(channels, f"train/{AMBER}/2.jpg", f"train/{AMBER}/again.jpg")
    left_out, warnings = found_in(channels)
    assert left_out == [f"{AMBER}/again.jpg"]
    assert any("says nothing about new pictures" in warning for warning in warnings)


def test_a_class_whose_pictures_are_all_elsewhere_keeps_them(channels):
    shutil.rmtree(channels / f"train/{SLATE}")
    shutil.copytree(channels / f"valid/{SLATE}", channels / f"train/{SLATE}")
    copy(channels, f"valid/{AMBER}/2.jpg", f"train/{AMBER}/again.jpg")
    left_out, warnings = found_in(channels)
    assert left_out == [f"{AMBER}/again.jpg"]
    assert any("every picture that channel train has of Slate_setter is elsewhere" in warning for warning in warnings)


def test_files_that_cannot_be_read_are_not_compared(channels):
    (channels / f"train/{AMBER}/0.jpg").write_bytes(b"")
    (channels / f"train/{AMBER}/1.jpg").write_bytes(b"")
    assert found_in(channels, unreadable=(0, 1)) == ([], [])


def test_a_run_decodes_all_and_trains_on_the_others(channels, capfd):
    copy(channels, f"test/{FERN}/2.jpg", f"train/{FERN}/again.jpg")
    train = read_split(channels / "train", "train")
    splits = {"train": train}
    splits |= {name: read_split(channels / name, name, train.classes) for name in ("valid", "test")}
    with decoded(splits, Preprocessing.for_image_size(32), 2, Ranks()) as stores:
        assert len(stores["train"]) == 30 and len(stores["test"]) == 12
        assert channels / f"train/{FERN}/again.jpg" not in stores["train"].paths
        assert stores["train"].labels.tolist() == [label for label in (0, 1, 2) for _ in range(10)]
    said = capfd.readouterr()
    assert "channel train: 30 pictures, 3 classes, 1 repeated left out" in said.out
    assert re.search(
        r"warning: 1 picture of channel train is in channel test, too \(.*again.jpg, as .*2.jpg\)", said.err
    )
