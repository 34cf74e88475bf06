"""What ends a run is said in a sentence with the next step."""

import errno

import pytest
import torch

from container import train, train_entrypoint, training
from container.failure import KILLED, TrainingFailure, write_failure
from container.failure_reason import reason_of
from container.hyperparameters import parse
from unwatched import UNWATCHED

SHORT = ["--pretrained", "none", *UNWATCHED, "--arch", "resnet18", "--image-size", "32", "--batch-size", "10", "--epochs", "1"]


@pytest.mark.parametrize(("error", "sentence"), [
    (TrainingFailure("Channel train is empty. Add pictures."), "Channel train is empty. Add pictures."),
    (torch.OutOfMemoryError("CUDA out of memory."), "The GPU's memory is too small for batch-size 64 with resnet34 at image-size 224. Lower one of them"),
    (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "The memory is too small for batch-size 64"),
    (MemoryError("Unable to allocate 9 GiB"), "The memory is too small for batch-size 64"),
    (OSError(errno.ENOSPC, "No space left on device", "/opt/ml/model/x"), "The disk is full. Give the job a larger volume"),
    (RuntimeError('IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })'), "The disk is full."),
    (KeyError("x"), "KeyError: 'x'. The traceback is in the log."),
])
def test_an_error_is_a_sentence_with_the_next_step(error, sentence):
    assert reason_of(error, parse([])).startswith(sentence)


def test_before_the_hyperparameters_are_known_an_error_has_a_sentence_too():
    assert reason_of(torch.OutOfMemoryError("CUDA out of memory."), None).endswith("The traceback is in the log.")


def test_a_batch_that_is_too_large_for_the_memory_names_what_to_lower(job, monkeypatch):
    def too_large(*arguments):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(training.Trainer, "_train_step", too_large)
    assert train.main(SHORT) == 1
    assert "too small for batch-size 10 with resnet18 at image-size 32" in (job / "output/failure").read_text()


def test_what_does_not_fit_on_the_disk_names_the_volume(job):
    (job / "output/data").mkdir(parents=True)
    (job / "output/data/evaluation.json").symlink_to("/dev/full")
    assert train.main(SHORT) == 1
    assert "The disk is full. Give the job a larger volume" in (job / "output/failure").read_text()


def test_the_first_reason_stays(tmp_path):
    write_failure("The cause.", tmp_path)
    write_failure("What followed from it.", tmp_path)
    assert (tmp_path / "failure").read_text() == "The cause."


def test_a_program_that_was_killed_has_a_reason_too(tmp_path):
    failure = tmp_path / "failure"
    train_entrypoint.explain_kill(failure)
    assert not failure.exists()
    for written, kept in (('ExecuteUserScriptError:\nExitCode -9\nErrorMessage ""', KILLED), ("ExitCode 1", "ExitCode 1")):
        failure.write_text(written)
        train_entrypoint.explain_kill(failure)
        assert failure.read_text() == kept
