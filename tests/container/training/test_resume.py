"""An interrupted run goes on from its newest checkpoint, and ends as if it had never been interrupted."""

import hashlib
import json
import math
import os
import resource
import signal

import pytest
import torch

from container import train
from container.training import resume, temperature
from container.training.hyperparameters import parse
from container.training.resume import RunCheckpoints, run_identity
from container.training.trainer import Trainer
from tests.container.small_job import small_job

# 30 pictures: 3 steps an epoch. Whatever has a state, or draws by chance, is on.
PICTURES = small_job(
    warmup_epochs=1,
    mixup=0.2,
    cutmix=1,
    trivial_augment=True,
    head_epochs=1,
    early_lr=0.5,
    ema=0.9,
    test_flip=True,
    epochs=3,
    lr=0.01,
    dropout=0.2,
)
FEATURES = small_job(freeze_backbone=True, epochs=3, dropout=0.2)


@pytest.fixture
def folder(job, monkeypatch):
    """Of checkpoints. None is written by the clock, however slow the machine."""
    monkeypatch.setattr(resume, "FOLDER", job / "checkpoints")
    monkeypatch.setattr(resume, "SECONDS_BETWEEN_CHECKPOINTS", math.inf)
    monkeypatch.setattr(temperature, "LEAST_PICTURES", 2)  # these 12 say little, but it is to be the same in the end
    resume.FOLDER.mkdir()
    return resume.FOLDER


def results(job) -> tuple[bytes, dict]:
    """The model file, and the figures of the test split."""
    return (job / "model/model.safetensors").read_bytes(), json.loads((job / "output/data/evaluation.json").read_text())


def interrupt(monkeypatch, step: int, how) -> None:
    """The next run that makes this step, counted from 0 over all epochs, is interrupted at its end by how()."""
    real = Trainer._train_step

    def interrupted(trainer, *arguments):
        loss = real(trainer, *arguments)
        if trainer.step == step + 1:
            monkeypatch.setattr(Trainer, "_train_step", real)
            how()
        return loss

    monkeypatch.setattr(Trainer, "_train_step", interrupted)


def sigterm():
    signal.raise_signal(signal.SIGTERM)


def crash():
    raise RuntimeError("The machine is gone.")


def forget_outputs(job) -> None:
    """A restarted job finds its checkpoints, and nothing else of what was written before."""
    for path in (job / "model/model.safetensors", job / "output/data/evaluation.json", job / "output/failure"):
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("arguments", [PICTURES, FEATURES], ids=["pictures", "features"])
def test_a_run_that_is_stopped_after_every_step_ends_as_the_uninterrupted_one(job, folder, monkeypatch, arguments):
    assert train.main(arguments) == 0
    expected = results(job)
    assert arguments is FEATURES or expected[1]["temperature"] != 1
    assert list(folder.iterdir()) == []
    for step in range(9):
        forget_outputs(job)
        interrupt(monkeypatch, step, sigterm)
        assert train.main(arguments) == 0
        assert (job / "model/model.safetensors").exists() and not (job / "output/data/evaluation.json").exists()
        assert len(list(folder.iterdir())) <= 2
    forget_outputs(job)
    assert train.main(arguments) == 0
    assert results(job) == expected


@pytest.fixture
def threads():
    """How many each operation takes: one, unless a test sets another number."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(("step", "count"), [(1, 1), (5, 2)])
def test_a_run_that_crashes_goes_on_from_the_last_step_that_was_written(
    job, folder, monkeypatch, step, count, threads, capfd
):
    threads(count)
    assert train.main(PICTURES) == 0
    expected = results(job)
    forget_outputs(job)
    monkeypatch.setattr(resume, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    interrupt(monkeypatch, step, crash)
    assert train.main(PICTURES) == 1
    forget_outputs(job)
    capfd.readouterr()
    assert train.main(PICTURES) == 0
    assert f"-step-{step:09}-" in capfd.readouterr().out
    assert results(job) == expected


def two_checkpoints(monkeypatch) -> None:
    for step in (1, 4):
        interrupt(monkeypatch, step, sigterm)
        assert train.main(PICTURES) == 0


def test_a_torn_checkpoint_is_named_and_the_one_before_it_is_used(job, folder, monkeypatch, capfd):
    assert train.main(PICTURES) == 0
    expected = results(job)
    two_checkpoints(monkeypatch)
    older, newer = sorted(folder.iterdir(), key=lambda path: path.name.split("-")[3])
    newer.write_bytes(newer.read_bytes()[:-1000])
    forget_outputs(job)
    capfd.readouterr()
    assert train.main(PICTURES) == 0
    said = capfd.readouterr()
    assert (
        f"warning: checkpoint {newer.name} is torn and not used" in said.err
        and f"going on from checkpoint {older.name}" in said.out
    )
    assert results(job) == expected


@pytest.mark.parametrize(
    "change, sentence",
    [
        (["--lr", "0.02"], "it is of a run with lr=0.01, and this one has 0.02"),
        (["--epochs", "4"], "it is of a run with epochs=3, and this one has 4"),
        ([], "it is of a run with pictures="),
    ],
)
def test_another_runs_checkpoints_are_named_not_used_and_kept(
    job, folder, channels, monkeypatch, change, sentence, capfd
):
    two_checkpoints(monkeypatch)
    theirs = sorted(path.name for path in folder.iterdir())
    if not change:
        (channels / "train/001.Amber_hound/0.jpg").unlink()
    capfd.readouterr()
    assert train.main([*PICTURES, *change]) == 0
    said = capfd.readouterr()
    assert said.err.count("is not used, and stays: it is of a run with") == 2 and sentence in said.err
    assert "epoch=1 " in said.out and sorted(path.name for path in folder.iterdir()) == theirs


def content_digest(channels) -> str:
    """The digest of a run's pictures, as it is defined: by split, class and file name, over every byte."""
    whole = hashlib.sha256()
    for split in ("train", "valid", "test"):
        of_split = hashlib.sha256()
        for path in sorted((channels / split).rglob("*.jpg")):
            of_split.update(f"{path.parent.name.partition('.')[2]}/{path.name}\0".encode())
            of_split.update(hashlib.sha256(path.read_bytes()).digest())
        whole.update(f"{split} {of_split.hexdigest()}\0".encode())
    return whole.hexdigest()


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_a_replaced_picture_of_the_same_name_size_and_time_makes_another_run(
    job, folder, channels, monkeypatch, split, capfd
):
    picture, other = (channels / split / "001.Amber_hound" / name for name in ("0.jpg", "1.jpg"))
    size = max(picture.stat().st_size, other.stat().st_size)
    picture.write_bytes(picture.read_bytes().ljust(size, b"\0"))  # a decoder stops before what is behind the picture
    before, status = content_digest(channels), picture.stat()
    two_checkpoints(monkeypatch)
    picture.write_bytes(other.read_bytes().ljust(size, b"\0"))
    os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert picture.stat().st_size == status.st_size and picture.stat().st_mtime_ns == status.st_mtime_ns
    capfd.readouterr()
    assert train.main(PICTURES) == 0
    said = capfd.readouterr()
    assert "epoch=1 " in said.out and "going on from checkpoint" not in said.out
    changed = f"it is of a run with pictures={before}, and this one has {content_digest(channels)}"
    assert said.err.count(f"is not used, and stays: {changed}") == 2


def test_the_same_pictures_with_other_times_make_the_same_run(job, folder, channels, monkeypatch, capfd):
    """A restarted job has its channels downloaded anew."""
    two_checkpoints(monkeypatch)
    for number, path in enumerate(channels.rglob("*.jpg")):
        os.utime(path, (number, number))
    assert train.main(PICTURES) == 0
    assert "going on from checkpoint" in capfd.readouterr().out


def test_the_number_of_workers_makes_no_other_run(job, folder, monkeypatch, capfd):
    two_checkpoints(monkeypatch)
    assert train.main([*PICTURES, "--workers", "1"]) == 0
    assert "going on from checkpoint" in capfd.readouterr().out


def test_a_job_without_the_folder_leaves_no_checkpoints(job, monkeypatch):
    monkeypatch.setattr(resume, "FOLDER", job / "checkpoints")
    interrupt(monkeypatch, 1, sigterm)
    assert train.main(PICTURES) == 0
    assert not (job / "checkpoints").exists()


def test_a_checkpoint_that_does_not_fit_on_the_disk_is_a_warning(folder, capfd):
    checkpoints = RunCheckpoints(run_identity(parse([])))
    checkpoints.write(1, {"small": torch.zeros(1)})
    [before] = folder.iterdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        checkpoints.write(2, {"large": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "could not be written, and training continues without it" in capfd.readouterr().err
    assert list(folder.iterdir()) == [before]
    assert torch.equal(checkpoints.newest()["small"], torch.zeros(1))
