"""The training program as a whole, on pictures that the test makes."""

import json
import re
import signal

import pytest

from container import train
from container.jobs import train_on_pictures
from container.model.model_file import load_checkpoint
from container.training import trainer
from tests.container.small_job import small_job

FAST = small_job(warmup_epochs=0)
METRIC_LINE = re.compile(r"^epoch=(\d+) train_loss=([\d.]+) valid_loss=([\d.]+) valid_accuracy=([\d.]+) ", re.MULTILINE)


def test_it_learns_and_leaves_a_model_and_figures(job, capfd):
    assert train.main([*FAST, "--epochs", "12", "--lr", "0.003", "--label-smoothing", "0"]) == 0
    lines = METRIC_LINE.findall(capfd.readouterr().out)
    assert [int(epoch) for epoch, *_ in lines] == list(range(1, 13))
    report = json.loads((job / "output/data/evaluation.json").read_text())
    assert report["top1"] >= 0.8 and report["classes"] == ["Amber_hound", "Slate_setter", "Fern_terrier"]
    checkpoint = load_checkpoint(job / "model")
    assert checkpoint.facts["valid_accuracy"] == pytest.approx(max(float(accuracy) for *_, accuracy in lines), abs=1e-4)
    assert not (job / "output/failure").exists()


def test_the_same_seed_gives_the_same_model(job, monkeypatch, tmp_path):
    weights = []
    for run in ("a", "b"):
        monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path / run))
        assert train.main([*FAST, "--epochs", "2", "--seed", "7", "--mixup", "0.2"]) == 0
        weights.append((tmp_path / run / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_without_a_test_channel_it_says_so_and_completes(job, monkeypatch, capfd):
    monkeypatch.delenv("SM_CHANNEL_TEST")
    assert train.main([*FAST, "--epochs", "1"]) == 0
    assert "no channel test" in capfd.readouterr().out
    assert not (job / "output/data/evaluation.json").exists()


def test_a_failure_is_a_sentence_in_the_failure_file(job, capfd):
    assert train.main(["--lr", "-1"]) == 1
    assert (job / "output/failure").read_text() == "Hyperparameter lr: must be above 0 and at most 10, not -1."
    assert "Traceback" not in capfd.readouterr().err


def test_a_missing_channel_is_in_the_failure_file(job, monkeypatch):
    monkeypatch.delenv("SM_CHANNEL_VALID")
    assert train.main(FAST) == 1
    assert "Channel valid is missing" in (job / "output/failure").read_text()


def test_a_fault_of_ours_is_named_and_its_traceback_is_in_the_log(job, monkeypatch, capfd):
    monkeypatch.setenv("SM_MODEL_DIR", "/proc/nowhere")
    assert train.main([*FAST, "--epochs", "1"]) == 1
    assert "The traceback is in the log" in (job / "output/failure").read_text()
    assert "Traceback" in capfd.readouterr().err


def test_a_loss_that_is_no_number_names_the_rate(job, monkeypatch):
    real = trainer.F.cross_entropy
    monkeypatch.setattr(trainer.F, "cross_entropy", lambda *inputs, **options: real(*inputs, **options) * float("nan"))
    assert train.main([*FAST, "--epochs", "3", "--lr", "0.5"]) == 1
    assert (job / "output/failure").read_text() == (
        "The training loss of epoch 1 is nan. Lower the hyperparameter lr (it is 0.5), and if that does not help set "
        "mixed-precision=false."
    )


def test_sigterm_keeps_the_best_model_and_ends_well(job, monkeypatch, capfd):
    save = train_on_pictures.save_checkpoint

    def save_and_stop(*arguments):
        save(*arguments)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(train_on_pictures, "save_checkpoint", save_and_stop)
    assert train.main([*FAST, "--epochs", "5"]) == 0
    assert "stopped on request in epoch 1" in capfd.readouterr().out
    assert load_checkpoint(job / "model").facts["epoch"] == 1
