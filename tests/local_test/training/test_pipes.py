"""Pipe mode: a reader gets the channel's files once an epoch, and a reader that leaves early gets them anew."""

from pathlib import Path

import pytest

from local_test.training.channels import InputFile
from local_test.training.pipes import PipeChannel


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
