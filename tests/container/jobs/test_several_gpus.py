"""The program on a host of several GPUs: it starts a process for each, and they leave one model. Here they compute on
the CPU.
"""

import json
import re
import signal

import pytest

from container import train
from container.model.model_file import load_checkpoint
from container.runtime import failure
from tests.container.small_job import small_job

# 30 pictures in steps of 10: 5 for each process
TWO = small_job(epochs=2, trivial_augment=True, ema=0.5)
LOSSES = re.compile(r"^epoch=(\d+) train_loss=([\d.]+) valid_loss=([\d.]+)", re.MULTILINE)


@pytest.fixture
def two_gpus(job, monkeypatch):
    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.delenv("SM_HOSTS", raising=False)
    return job


def test_they_leave_one_model_and_one_stream_of_metrics(two_gpus, capfd):
    assert train.main(TWO) == 0
    said = capfd.readouterr().out
    assert [epoch for epoch, *_ in LOSSES.findall(said)] == ["1", "2"] and said.count("pictures decoded in") == 1
    assert "process 1 of 2" in said and "process 2 of 2" in said
    report = json.loads((two_gpus / "output/data/evaluation.json").read_text())
    assert report["n"] == 12 and load_checkpoint(two_gpus / "model").facts["epoch"] in (1, 2)


def test_what_does_not_depend_on_the_division_is_what_one_process_gets(two_gpus, monkeypatch, capfd):
    """A frozen backbone in the ordinary loop has no statistics of its own batch. To 1e-3, as printed."""
    head = [
        *TWO,
        "--freeze-backbone",
        "true",
        "--dropout",
        "0",
        "--epochs",
        "4",
        "--lr",
        "0.01",
        "--mixed-precision",
        "false",
    ]
    assert train.main(head) == 0
    together = LOSSES.findall(capfd.readouterr().out)
    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: 0)
    assert train.main(head) == 0
    alone = LOSSES.findall(capfd.readouterr().out)
    assert len(alone) == 4 and float(alone[0][1]) - float(alone[-1][1]) > 0.1  # it learns
    assert [float(one) for line in together for one in line] == pytest.approx(
        [float(one) for line in alone for one in line], abs=1e-3
    )


def test_the_users_mistake_is_said_once(two_gpus):
    assert train.main([*TWO, "--batch-size", "7"]) == 1
    reason = (two_gpus / "output/failure").read_text()
    assert reason.startswith(
        "2 processes, one for each GPU or host, share every step's batch equally: batch-size 7 is no multiple of 2. "
        "Set batch-size=6, or take fewer"
    )


def test_a_process_that_was_killed_is_the_reason(two_gpus, monkeypatch):
    real = train.run_all

    def killed(process_ranks, program, stop_requested, failed):
        return real(
            process_ranks,
            [
                program[0],
                "-c",
                "import os, signal, time; os.environ['RANK'] == '1' and os.kill(os.getpid(), signal.SIGKILL); "
                "time.sleep(60)",
            ],
            stop_requested,
            failed,
        )

    monkeypatch.setattr(train, "run_all", killed)
    assert train.main(TWO) == 128 + signal.SIGKILL
    assert (two_gpus / "output/failure").read_text() == failure.KILLED


def test_features_are_the_work_of_one_process(two_gpus, capfd):
    assert train.main(small_job(epochs=2, freeze_backbone=True)) == 0
    assert "process 1 of" not in capfd.readouterr().out
