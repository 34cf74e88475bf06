"""Pipe mode: a reader gets the channel's files once an epoch, and a reader that leaves early gets them anew."""

from pathlib import Path

import pytest

from local_test.training.channels import InputFile
from local_test.training.inputs import PipeChannel


@pytest.fixture
def pipes(tmp_path):
    files = []
    for number in range(3):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(bytes([number]) * 200_000)
        files.append(InputFile(path.name, path))
    (tmp_path / "pipes").mkdir()
    channel = PipeChannel("train", files, tmp_path / "pipes")
    yield tmp_path / "pipes"
    channel.close()
    assert list((tmp_path / "pipes").iterdir()) == []


def everything() -> bytes:
    return b"".join(bytes([number]) * 200_000 for number in range(3))


def test_each_epoch_brings_everything(pipes: Path):
    for epoch in range(3):
        assert (pipes / f"train_{epoch}").read_bytes() == everything()


def test_a_reader_that_leaves_early_finds_the_next_epoch_whole(pipes: Path):
    with (pipes / "train_0").open("rb") as pipe:
        assert pipe.read(10) == bytes(10)
    assert (pipes / "train_1").read_bytes() == everything()


def test_a_channel_nobody_reads_can_be_closed(pipes: Path):
    assert (pipes / "train_0").is_fifo()


def test_a_file_that_cannot_be_read_is_said_at_the_end(tmp_path: Path):
    channel = PipeChannel("train", [InputFile("gone", tmp_path / "gone")], tmp_path)
    assert (tmp_path / "train_0").read_bytes() == b""
    with pytest.raises(FileNotFoundError, match="gone"):
        channel.close()


def test_a_channel_leaves_the_pipes_of_another_whose_name_goes_on(tmp_path: Path):
    (tmp_path / "data").write_bytes(b"data")
    both = [PipeChannel(name, [InputFile("data", tmp_path / "data")], tmp_path) for name in ("train", "train_1")]
    both[0].close()
    assert (tmp_path / "train_1_0").read_bytes() == b"data"
    both[1].close()
