"""A job whose frozen backbone's features are computed once, by itself or in a job before it."""

import json
import os
import signal
import subprocess
import sys

import pytest
import torch

from container import train
from container.data.class_folders import read_splits
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.jobs import epochs
from container.model.model_file import load_checkpoint
from container.model.network import create_model
from container.training.evaluation import evaluate
from tests.container.jobs.small_bank import CPU, FROZEN, bank_of, frozen_model


def test_a_trial_on_the_channel_gives_the_model_that_it_gives_with_its_own_bank(job, monkeypatch, capfd):
    assert train.main(FROZEN) == 0
    alone = (job / "model/model.safetensors").read_bytes()
    monkeypatch.setenv("SM_MODEL_DIR", str(job / "bank"))
    assert train.main([*FROZEN, "--features-only", "true"]) == 0
    assert not (job / "bank/model.safetensors").exists()
    monkeypatch.setenv("SM_MODEL_DIR", str(job / "again"))
    monkeypatch.setenv("SM_CHANNEL_FEATURES", str(job / "bank"))
    for split in ("TRAIN", "VALID", "TEST"):
        monkeypatch.delenv(f"SM_CHANNEL_{split}")
    assert train.main(FROZEN) == 0
    assert (job / "again/model.safetensors").read_bytes() == alone
    assert "from channel features" in capfd.readouterr().out


def test_the_model_file_is_an_ordinary_one_and_answers_as_the_bank_said(job):
    assert train.main([*FROZEN, "--epochs", "25", "--lr", "0.01", "--dropout", "0"]) == 0
    report = json.loads((job / "output/data/evaluation.json").read_text())
    checkpoint = load_checkpoint(job / "model")
    store = decode_split(read_splits()["test"], checkpoint.preprocessing, job / "store")
    found = evaluate(checkpoint.model, PictureExamples(store, checkpoint.preprocessing, 0.35), CPU)
    assert found.accuracy == pytest.approx(report["top1"]) and found.loss == pytest.approx(report["loss"], abs=5e-3)
    assert report["top1"] > 0.6
    backbone = {name: tensor for name, tensor in checkpoint.model.state_dict().items() if not name.startswith("fc.")}
    torch.manual_seed(0)
    fresh = create_model("resnet18", 3).state_dict()
    assert all(torch.equal(tensor, fresh[name]) for name, tensor in backbone.items())


def test_what_needs_pixels_takes_a_frozen_backbone_through_the_ordinary_loop(job, capfd):
    for change in (
        ["--mixup", "0.2"],
        ["--feature-views", "0"],
        ["--cutmix", "1"],
        ["--trivial-augment", "true"],
        ["--test-flip", "true"],
    ):
        assert train.main([*FROZEN, *change]) == 0
        out = capfd.readouterr().out
        assert "pictures decoded" in out and "feature bank" not in out


def test_a_trial_on_features_imports_neither_torchvision_nor_the_compiler(job):
    """They would be half of its time."""
    bank_of(job / "bank", frozen_model())
    program = (
        "import sys; from container import train; status = train.main(sys.argv[1:]); "
        "print('imported', [name for name in ('torchvision', 'torch._dynamo', 'triton') if name in sys.modules]); "
        "sys.exit(status)"
    )
    environment = {**os.environ, "SM_CHANNEL_FEATURES": str(job / "bank")}
    for split in ("TRAIN", "VALID", "TEST"):
        del environment[f"SM_CHANNEL_{split}"]
    done = subprocess.run([sys.executable, "-c", program, *FROZEN], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "imported []", done.stdout + done.stderr


def test_sigterm_while_the_head_learns_keeps_the_best_model_and_ends_well(job, monkeypatch, capfd):
    real = epochs.evaluate

    def evaluate_and_stop(*arguments):
        found = real(*arguments)
        signal.raise_signal(signal.SIGTERM)
        return found

    monkeypatch.setattr(epochs, "evaluate", evaluate_and_stop)
    assert train.main([*FROZEN, "--epochs", "5"]) == 0
    assert "stopped on request in epoch 1" in capfd.readouterr().out
    assert load_checkpoint(job / "model").facts["epoch"] == 1
    assert not (job / "output/data/evaluation.json").exists()


@pytest.mark.parametrize("wrong", [["--freeze-backbone", "false"], ["--mixup", "0.2"], ["--feature-views", "0"]])
def test_features_only_says_what_it_wants(job, wrong):
    assert train.main([*FROZEN, "--features-only", "true", *wrong]) == 1
    said = (job / "output/failure").read_text()
    assert "features-only makes a feature bank" in said and "This job has freeze-backbone=" in said
