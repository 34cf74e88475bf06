"""What ends a run is said in a sentence with the next step."""

import errno
import os
from types import SimpleNamespace

import pytest
import torch

from container import train, train_entrypoint
from container.jobs.failure_reason import reason_of
from container.runtime.failure import TrainingFailure, write_failure
from container.training import trainer
from container.training.hyperparameters import parse
from contract.opt_ml import FAILURE_REASON_CHARACTERS
from tests.container.small_job import small_job

SHORT = small_job(epochs=1)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TrainingFailure("Channel train is empty. Add pictures."), "Channel train is empty. Add pictures."),
        (
            torch.OutOfMemoryError("CUDA out of memory."),
            "The GPU's memory is too small for batch-size 64 with resnet34 at image-size 224. Lower one of them",
        ),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            "The memory is too small for batch-size 64",
        ),
        (MemoryError("Unable to allocate 9 GiB"), "The memory is too small for batch-size 64"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/opt/ml/model/x"),
            "The disk is full. Give the job a larger volume",
        ),
        (
            RuntimeError('IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })'),
            "The disk is full.",
        ),
        (KeyError("x"), "KeyError: 'x'. The traceback is in the log."),
        (AssertionError(), "AssertionError. The traceback is in the log."),
        (RuntimeError("CUDA error: no kernel.\nCompile it.\n"), "RuntimeError: CUDA error: no kernel. Compile it. The"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/opt/ml/model/x"),
            f"/opt/ml/model/x may not be read or written by user {os.getuid()} of the container (Permission denied).",
        ),
    ],
)
def test_an_error_is_a_sentence_with_the_next_step(error, sentence):
    assert reason_of(error, parse([])).startswith(sentence)


def test_a_long_error_leaves_room_for_where_its_traceback_is():
    said = reason_of(RuntimeError("x" * 5000), None)
    assert len(said) < FAILURE_REASON_CHARACTERS and said.endswith("The traceback is in the log.")


def test_what_a_lost_peer_leaves_here_is_said_behind_where_to_look():
    said = reason_of(RuntimeError("gloo: Unable to find\naddress for: eth7"), None, is_of_a_lost_peer=True)
    assert said.startswith("Another process of this run ended or cannot be reached. The log of the host that ended")
    assert said.endswith("RuntimeError: gloo: Unable to find address for: eth7")


def test_a_variable_that_a_run_by_hand_lacks_is_named(job, monkeypatch):
    monkeypatch.delenv("SM_MODEL_DIR")
    assert train.main(SHORT) == 1
    assert (job / "output/failure").read_text().startswith("The environment variable SM_MODEL_DIR is not set.")


def test_before_the_hyperparameters_are_known_an_error_has_a_sentence_too():
    assert reason_of(torch.OutOfMemoryError("CUDA out of memory."), None).endswith("The traceback is in the log.")


def test_a_batch_that_is_too_large_for_the_memory_names_what_to_lower(job, monkeypatch):
    def too_large(*arguments):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(trainer.Trainer, "_train_step", too_large)
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


def test_a_reason_that_cannot_be_written_is_no_error_of_its_own(tmp_path, capsys):
    (tmp_path / "output").write_text("a file in the folder's place")
    write_failure("The cause.", tmp_path / "output" / "below")
    assert (
        f"warning: the reason cannot be written to {tmp_path}/output/below/failure: Not a directory."
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("report", "toolkit", "success", "ended"),
    [
        ((0, ""), 0, True, 0),
        ((0, ""), 0, False, 0),  # the disk is full, the program has done its work
        ((3, "three"), 1, False, 3),
        ((3, "three"), 0, False, 3),  # sagemaker-training where it cannot write
        ((-15, ""), 1, False, 143),
        ((None, None), 0, True, 0),  # a derived image's own SAGEMAKER_TRAINING_MODULE says nothing to us
        ((None, None), 0, False, 1),
        ((None, None), 1, False, 1),
        ((None, None), -15, False, 143),
    ],
)
def test_a_container_ends_as_the_program_did_and_with_0_only_where_one_ran(report, toolkit, success, ended):
    said = SimpleNamespace(status=report[0], reason=report[1])
    status, reason = train_entrypoint.outcome(said, toolkit, success)
    assert status == ended and (report[0] is not None or not status or reason)
