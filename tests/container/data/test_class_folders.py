"""Class folders: any data set in the layout works, and what is wrong with one is said."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from container.data.class_folders import read_split
from container.data.picture_digest import digest_of_split
from container.data.picture_store import decode_split
from container.jobs.failure_reason import reason_of
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure

SMALL = Preprocessing.for_image_size(32)


def test_classes_and_pictures_come_in_sorted_order(channels):
    split = read_split(channels / "train", "train")
    assert split.classes == ("Amber_hound", "Slate_setter", "Fern_terrier")
    assert len(split.paths) == 30 and split.labels[0] == 0 and split.labels[-1] == 2
    assert all(
        path.parent.name.partition(".")[2] == split.classes[label]
        for path, label in zip(split.paths, split.labels, strict=True)
    )


def test_another_split_follows_the_order_of_train_whatever_its_folder_numbers(channels):
    (channels / "valid/001.Amber_hound").rename(channels / "valid/009.Amber_hound")
    valid = read_split(channels / "valid", "valid", ("Amber_hound", "Slate_setter", "Fern_terrier"))
    assert [path.parent.name for path, label in zip(valid.paths, valid.labels, strict=True) if label == 0] == [
        "009.Amber_hound"
    ] * 4


def test_a_missing_channel_is_named(tmp_path):
    with pytest.raises(TrainingFailure, match=r"Channel train is missing: .*nothing is not a folder\. A job's channel"):
        read_split(tmp_path / "nothing", "train")


def test_a_channel_in_pipe_mode_is_told_from_a_missing_one(tmp_path):
    os.mkfifo(tmp_path / "train_0")
    with pytest.raises(TrainingFailure, match=r"mode is Pipe, .* set TrainingInputMode to File or FastFile\."):
        read_split(tmp_path / "train", "train")


def test_a_channel_without_class_folders_is_named(tmp_path):
    with pytest.raises(TrainingFailure, match=r"Channel train has no class folders in .*, which is empty"):
        read_split(tmp_path, "train")
    (tmp_path / "dog.jpg").write_bytes(b"a picture")
    with pytest.raises(TrainingFailure, match=r"which holds dog\.jpg\. Put one folder"):
        read_split(tmp_path, "train")


def test_an_empty_class_folder_of_train_is_named(channels):
    (channels / "train/004.Empty_spitz").mkdir()
    with pytest.raises(TrainingFailure, match="Channel train has no picture of Empty_spitz"):
        read_split(channels / "train", "train")


def test_one_class_is_not_enough(channels):
    for folder in ("002.Slate_setter", "003.Fern_terrier"):
        shutil.rmtree(channels / "train" / folder)
    with pytest.raises(TrainingFailure, match=r"one class only, Amber_hound, .* Add a folder"):
        read_split(channels / "train", "train")


def test_two_folders_for_one_class_are_named(channels):
    (channels / "train/008.Amber_hound").mkdir()
    with pytest.raises(TrainingFailure, match=r"for the class Amber_hound, 001\.Amber_hound and 008\.Amber_hound:"):
        read_split(channels / "train", "train")


def test_a_class_that_train_lacks_ends_the_run(channels):
    with pytest.raises(TrainingFailure, match="Channel valid has classes that channel train lacks: Fern_terrier"):
        read_split(channels / "valid", "valid", ("Amber_hound", "Slate_setter"))


def test_a_class_that_a_split_lacks_is_a_warning(channels):
    split = read_split(channels / "valid", "valid", ("Amber_hound", "Slate_setter", "Fern_terrier", "Other_spitz"))
    assert len(split.warnings) == 1 and "no pictures of Other_spitz" in split.warnings[0]


def test_pictures_outside_the_class_folders_are_counted(channels):
    shutil.copy(channels / "train/001.Amber_hound/0.jpg", channels / "train/loose.jpg")
    assert "1 pictures outside the class folders" in read_split(channels / "train", "train").warnings[0]


def test_hidden_files_are_ignored_and_other_files_are_counted(channels):
    for name in ("._0.jpg", "notes.txt", "drawing.SVG", ".DS_Store"):
        (channels / "train/001.Amber_hound" / name).write_bytes(b"x")
    split = read_split(channels / "train", "train")
    assert len(split.paths) == 30
    assert split.warnings == (
        "channel train has 2 files that are no pictures by their name (.SVG, .txt): they are not used",
    )


def test_an_empty_folder_of_a_class_that_train_lacks_is_a_warning(channels):
    (channels / "valid/009.Typo_hound").mkdir()
    split = read_split(channels / "valid", "valid", ("Amber_hound", "Slate_setter", "Fern_terrier"))
    assert "empty folders for classes that channel train lacks: Typo_hound" in split.warnings[0]


def test_a_class_of_train_without_a_readable_picture_ends_the_run(channels, tmp_path):
    folder = channels / "train/002.Slate_setter"
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "0.jpg").write_bytes(b"no picture")
    with pytest.raises(TrainingFailure, match=r"readable picture of Slate_setter\. The first is 002\.Slate_setter/0"):
        decode_split(read_split(channels / "train", "train"), SMALL, tmp_path / "store")


def test_an_unreadable_picture_is_left_out_and_counted(channels, tmp_path):
    (channels / "train/002.Slate_setter/3.jpg").write_bytes(b"no picture")
    split = read_split(channels / "train", "train")
    store = decode_split(split, SMALL, tmp_path / "store")
    assert len(store) == len(split.paths) - 1
    assert [path.name for path, _ in store.unreadable] == ["3.jpg"]
    assert all(
        path.parent.name.partition(".")[2] == split.classes[label]
        for path, label in zip(store.paths, store.labels, strict=True)
    )


def test_a_split_without_any_readable_picture_ends_the_run(channels, tmp_path):
    for folder in (channels / "test").iterdir():
        shutil.rmtree(folder)
        folder.mkdir()
    (channels / "test/001.Amber_hound/0.jpg").write_bytes(b"no picture")
    split = read_split(channels / "test", "test", ("Amber_hound", "Slate_setter", "Fern_terrier"))
    with pytest.raises(TrainingFailure, match="1 unreadable pictures of 1"):
        decode_split(split, SMALL, tmp_path / "store")


def test_many_unreadable_pictures_end_the_run_with_the_first_one_named(channels, tmp_path):
    for index in range(3):
        (channels / f"train/002.Slate_setter/{index}.jpg").write_bytes(b"no picture")
    with pytest.raises(TrainingFailure, match=r"3 unreadable pictures of 30.*002.Slate_setter/0.jpg"):
        decode_split(read_split(channels / "train", "train"), SMALL, tmp_path / "store")


def test_the_store_has_the_digest_of_every_byte_of_its_split_also_of_unreadable_pictures(channels, tmp_path):
    victim = channels / "train/002.Slate_setter/3.jpg"
    victim.write_bytes(b"no picture")
    split = read_split(channels / "train", "train")
    store = decode_split(split, SMALL, tmp_path / "store")
    assert store.content_digest == digest_of_split(split) and len(store) == len(split.paths) - 1
    victim.write_bytes(b"no Picture")
    assert decode_split(split, SMALL, tmp_path / "again").content_digest != store.content_digest


def test_a_file_that_cannot_be_opened_is_left_out_with_the_reason(channels, tmp_path):
    victim = channels / "train/002.Slate_setter/3.jpg"
    split = read_split(channels / "train", "train")
    victim.unlink()
    store = decode_split(split, SMALL, tmp_path / "store")
    [(path, reason)] = store.unreadable
    assert path == victim and reason.startswith("not a readable picture: [Errno 2] No such file or directory")


def test_the_store_gives_back_what_the_preprocessing_made(channels, tmp_path):
    import torch

    from container.pictures.preprocessing import open_picture

    split = read_split(channels / "train", "train")
    store = decode_split(split, SMALL, tmp_path / "store")
    squares = store.squares(torch.tensor([29, 0]))
    assert squares.shape == (2, 3, SMALL.square_size, SMALL.square_size) and squares.dtype == torch.uint8
    with open_picture(split.paths[0]) as picture:
        assert torch.equal(squares[1].permute(1, 2, 0), torch.from_numpy(SMALL.to_square(picture)))


class FilledByAnother(Preprocessing):
    """When the first picture is decoded, somebody else takes what the disk has left."""

    def to_square(self, picture):
        others = MEMORY_DISK / "others"
        if not others.exists():
            with contextlib.suppress(OSError), others.open("wb", buffering=0) as file:
                while True:
                    file.write(b"1" * 100_000)
        return super().to_square(picture)


MEMORY_DISK = Path("/dev/shm")  # 64 MB in a container


def test_a_disk_that_fills_while_pictures_are_decoded_is_said(channels):
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY_DISK) as folder, pytest.raises(OSError) as error:
            decode_split(read_split(channels / "train", "train"), FilledByAnother.for_image_size(512), Path(folder))
    finally:
        (MEMORY_DISK / "others").unlink()
    assert reason_of(error.value, None).startswith("The disk is full. Give the job a larger volume")
