"""The feature bank: a frozen backbone's features, computed once, give the training that the whole network would."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from same_views import SameViews
from unmonitored import UNMONITORED

from container import train
from container.data.class_folders import read_split, read_splits
from container.data.picture_digest import digest_of_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.jobs import epochs, feature_bank
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank, view
from container.jobs.run import Run
from container.model import weights_file
from container.model.head import head_of, set_backbone_trainable
from container.model.model_file import load_checkpoint
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.runtime.failure import TrainingFailure
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer

FROZEN = [
    "--pretrained",
    "none",
    *UNMONITORED,
    "--freeze-backbone",
    "true",
    "--arch",
    "resnet18",
    "--image-size",
    "32",
    "--batch-size",
    "10",
    "--warmup-epochs",
    "0",
    "--epochs",
    "3",
    "--feature-views",
    "3",
]
PREPROCESSING = Preprocessing.for_image_size(32)
CPU = ComputeDevice(torch.device("cpu"), torch.float32)


def frozen_model(arch="resnet18", classes=3):
    torch.manual_seed(3)
    model = create_model(arch, classes, dropout=0.2)
    set_backbone_trainable(model, False)
    return model


def run_of(folder, arguments=(), **more) -> Run:
    return Run(parse([*FROZEN, *arguments]), CPU, folder / "model", folder / "output", **more)


def bank_of(folder, model, arguments=()):
    assert make_bank(run_of(folder, arguments), folder, read_splits(), model)
    return FeatureBank(folder)


def test_the_head_learns_from_the_bank_what_it_learns_in_the_whole_network(job):
    """Step by step: the same views, the same order, the same dropout give the same losses and the same answers."""
    hyperparameters = parse([*FROZEN, "--epochs", "6", "--lr", "0.0003"])
    model = frozen_model()
    bank = bank_of(job / "bank", frozen_model())
    stores = {name: decode_split(split, PREPROCESSING, job / "store") for name, split in read_splits().items()}
    head = frozen_model()
    head = head_of(head)

    torch.manual_seed(0)
    whole = Trainer(model, SameViews(stores["train"], PREPROCESSING, 0.35, 3), 3, hyperparameters, CPU)
    losses = [whole.train_one_epoch(epoch) for epoch in range(1, 7)]
    torch.manual_seed(0)
    alone = Trainer(head, bank.examples("train"), 3, hyperparameters, CPU)
    assert [alone.train_one_epoch(epoch) for epoch in range(1, 7)] == pytest.approx(losses, rel=2e-3)
    assert losses[-1] < losses[0] * 0.9
    valid = PictureExamples(stores["valid"], PREPROCESSING, 0.35)
    expected, found = evaluate(model, valid, CPU), evaluate(head, bank.examples("valid"), CPU)
    assert torch.allclose(found.probabilities, expected.probabilities, atol=5e-3) and torch.equal(
        found.labels, expected.labels
    )


@pytest.mark.parametrize(
    ("arch", "size"),
    [("vgg11_bn", 32), ("efficientnet_b0", 32), ("densenet121", 32), ("convnext_tiny", 32), ("vit_b_32", 224)],
)
def test_features_are_what_the_head_gets_in_the_whole_network(job, arch, size):
    """Also where dropout or stochastic depth come before the head: a frozen backbone has neither."""
    bank = bank_of(job / "bank", frozen_model(arch), ["--arch", arch, "--image-size", str(size)])
    model = frozen_model(arch).eval()
    seen = []
    head_of(model).register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    preprocessing = Preprocessing.for_image_size(size)
    pictures = PictureExamples(decode_split(read_splits()["valid"], preprocessing, job / "store"), preprocessing, 0.35)
    evaluate(model, pictures, CPU)
    [expected] = seen
    found = bank.examples("valid").evaluation_inputs(0, 12, CPU.torch_device)
    assert found.shape == expected.shape and torch.allclose(found, expected, rtol=2e-3, atol=1e-3)


def test_views_differ_and_every_other_one_of_a_picture_is_mirrored_beginning_with_either():
    squares = torch.zeros(16, 3, 64, 64, dtype=torch.uint8)
    squares[..., :32] = 200  # bright on the left
    views = torch.stack(
        [view(squares, 0, number, Preprocessing.for_image_size(56), 0.9, CPU.torch_device) for number in range(4)]
    )
    mirrored = views[..., :28].mean((2, 3, 4)) < views[..., 28:].mean((2, 3, 4))
    assert (
        torch.equal(mirrored[0], mirrored[2])
        and torch.equal(mirrored[1], ~mirrored[0])
        and torch.equal(mirrored[3], mirrored[1])
    )
    assert 0 < mirrored[0].sum() < 16
    assert not torch.equal(
        view(squares, 0, 0, PREPROCESSING, 0.35, CPU.torch_device),
        view(squares, 0, 2, PREPROCESSING, 0.35, CPU.torch_device),
    )
    assert torch.equal(
        view(squares, 5, 1, PREPROCESSING, 0.35, CPU.torch_device),
        view(squares, 5, 1, PREPROCESSING, 0.35, CPU.torch_device),
    )


def test_every_view_of_a_picture_is_shown_once_in_as_many_epochs(job):
    bank = bank_of(job / "bank", frozen_model())
    rows = torch.arange(30)
    shown = torch.stack(
        [bank.examples("train").training_inputs(rows, epoch, None, CPU.torch_device) for epoch in (1, 2, 3, 4)]
    )
    stored = torch.from_numpy(np.load(job / "bank/train.npy")).float()
    assert torch.equal(shown[0], shown[3])
    for row in range(30):
        assert {tuple(one[:4].tolist()) for one in shown[:3, row]} == {tuple(one[:4].tolist()) for one in stored[row]}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_bank_does_not_depend_on_the_number_of_workers(job, workers):
    bank_of(job / "one", frozen_model())
    bank_of(job / "other", frozen_model(), ["--workers", str(workers)])
    for name in ("train.npy", "valid.npy"):
        assert np.allclose(np.load(job / "one" / name), np.load(job / "other" / name), rtol=2e-3, atol=1e-4)
    assert FeatureBank(job / "one").manifest.key == FeatureBank(job / "other").manifest.key


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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"image_size": 64}, "made with image-size=32, and this job has 64"),
        ({"min_crop": 0.5}, "made with min-crop=0.35, and this job has 0.5"),
        ({"feature_views": 2}, "made with feature-views=3, and this job has 2"),
        ({"arch": "resnet34"}, "made with arch=resnet18, and this job has resnet34"),
        ({"pretrained": "auto"}, "made with pretrained=none, and this job has auto"),
        ({"seed": 5}, "made with seed=0, and this job has 5"),
        ({"freeze_backbone": False}, "is for jobs with freeze-backbone=true"),
        (
            {"mixup": 0.3},
            "is for jobs with freeze-backbone=true, feature-views above 0 and without what needs pixels: mixup",
        ),
    ],
)
def test_a_bank_that_was_made_otherwise_is_refused_by_name(job, change, reason):
    bank = bank_of(job / "bank", frozen_model())
    bank.check(parse(FROZEN), None, {})
    with pytest.raises(TrainingFailure, match=reason):
        bank.check(replace(parse(FROZEN), **change), None, {})


def test_a_bank_of_other_pictures_is_refused(job, channels):
    bank = bank_of(job / "bank", frozen_model())
    bank.check(parse(FROZEN), None, {"train": channels / "train", "test": channels / "test"})
    one, other = sorted((channels / "train/001.Amber_hound").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    with pytest.raises(TrainingFailure, match="other pictures than those in channel train"):
        bank.check(parse(FROZEN), None, {"train": channels / "train"})


def test_a_bank_of_other_weights_is_refused(job):
    torch.save(frozen_model().state_dict(), job / "a.pth")
    (job / "channel").mkdir()
    shutil.copy(job / "a.pth", job / "channel/a.pth")
    auto = replace(parse(FROZEN), pretrained="auto")
    make_bank(
        replace(run_of(job), hyperparameters=auto),
        job / "bank",
        read_splits(),
        frozen_model(),
        "a.pth from channel pretrained",
        feature_bank.file_digest(job / "a.pth"),
    )
    bank = FeatureBank(job / "bank")
    bank.check(auto, job / "channel", {})
    torch.save(create_model("resnet18", 3).state_dict(), job / "channel/a.pth")
    with pytest.raises(
        TrainingFailure,
        match=r"made from a\.pth from channel pretrained, and this job has a\.pth from channel pretrained, "
        "whose content differs",
    ):
        bank.check(auto, job / "channel", {})


def test_a_bank_of_another_version_of_the_program_is_refused(job, monkeypatch):
    bank = bank_of(job / "bank", frozen_model())
    monkeypatch.setattr(feature_bank, "code_digest", lambda: "another")
    with pytest.raises(TrainingFailure, match="made by another version of this program"):
        bank.check(parse(FROZEN), None, {})


@pytest.mark.parametrize(
    ("name", "decides"),
    [
        ("data/augmentation.py", True),
        ("jobs/feature_pass.py", True),
        ("model/head.py", True),
        ("model/network.py", True),
        ("pictures/preprocessing.py", True),
        ("pictures/jpeg.py", True),
        ("report/page.py", False),
        ("training/trainer.py", False),
    ],
)
def test_a_change_to_the_code_that_decides_features_changes_the_digest_and_no_other_does(tmp_path, name, decides):
    shutil.copytree(Path(feature_bank.__file__).parents[1], tmp_path / "container")
    assert feature_bank.code_digest(tmp_path) == feature_bank.code_digest()
    with (tmp_path / "container" / name).open("a") as file:
        file.write("# more")
    assert (feature_bank.code_digest(tmp_path) != feature_bank.code_digest()) == decides


def test_random_backbones_of_other_seeds_have_other_keys(job):
    torch.manual_seed(11)
    other = create_model("resnet18", 3)
    assert bank_of(job / "one", frozen_model()).manifest.key != bank_of(job / "other", other).manifest.key


def test_weights_in_the_image_do_not_matter_to_a_bank_that_was_made_from_a_channel(job, monkeypatch):
    """A trial has the channel `features` alone; the bank has its backbone with it."""
    torch.save(frozen_model().state_dict(), job / "a.pth")
    auto = replace(parse(FROZEN), pretrained="auto")
    make_bank(
        replace(run_of(job), hyperparameters=auto),
        job / "bank",
        read_splits(),
        frozen_model(),
        "a.pth from channel pretrained",
        feature_bank.file_digest(job / "a.pth"),
    )
    (job / "image").mkdir()
    torch.save(create_model("resnet18", 3).state_dict(), job / "image/b.pth")
    monkeypatch.setattr(weights_file.find_weights_file, "__defaults__", (job / "image",))
    FeatureBank(job / "bank").check(auto, None, {})


def test_a_class_more_is_other_pictures(job, channels):
    bank = bank_of(job / "bank", frozen_model())
    shutil.copytree(channels / "train/001.Amber_hound", channels / "train/004.Brass_spaniel")
    with pytest.raises(TrainingFailure, match="other pictures than those in channel train"):
        bank.check(parse(FROZEN), None, {"train": channels / "train"})


@pytest.mark.parametrize("damage", ["missing", "torn", "unfinished", "empty", "torn manifest", "strange manifest"])
def test_a_torn_bank_is_refused_with_the_next_step(job, damage):
    folder = job / "bank"
    bank_of(folder, frozen_model())
    if damage == "missing":
        (folder / "valid.npy").unlink()
    elif damage == "torn":
        (folder / "train.npy").write_bytes((folder / "train.npy").read_bytes()[:-100])
    elif damage == "unfinished":
        (folder / "bank.json").unlink()
    elif damage == "torn manifest":
        (folder / "bank.json").write_text((folder / "bank.json").read_text()[:80])
    elif damage == "strange manifest":
        (folder / "bank.json").write_text('{"classes": []}')
    else:
        shutil.rmtree(folder)
        folder.mkdir()
    with pytest.raises(TrainingFailure, match="features-only=true"):
        FeatureBank(folder)


def test_a_folder_can_be_used_again_and_holds_no_bank_meanwhile(job):
    bank_of(job / "bank", frozen_model())
    again = bank_of(job / "bank", frozen_model(), ["--feature-views", "2"])
    assert again.manifest.views == 2 and again.examples("train") is not None
    assert not make_bank(run_of(job, stop_requested=lambda: True), job / "bank", read_splits(), frozen_model())
    with pytest.raises(TrainingFailure, match="unfinished"):
        FeatureBank(job / "bank")


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


def test_unreadable_pictures_are_left_out_of_the_bank(job, channels):
    victim = sorted((channels / "train/002.Slate_setter").iterdir())[3]
    victim.write_bytes(b"no picture")
    bank = bank_of(job / "bank", frozen_model())
    assert bank.manifest.unreadable == {"train": 1, "valid": 0, "test": 0}
    assert len(bank.examples("train").labels) == 29 and bank.examples("train").labels.bincount().tolist() == [10, 9, 10]
    stored = np.load(job / "bank/train.npy")
    row = read_split(channels / "train", "train").paths.index(victim)
    shown = bank.examples("train").training_inputs(torch.tensor([row]), 1, None, CPU.torch_device)
    assert torch.equal(shown[0], torch.from_numpy(stored[row + 1, row % 3]).float())


def test_a_stop_while_the_features_are_made_leaves_no_bank(job):
    assert not make_bank(run_of(job, stop_requested=lambda: True), job / "bank", read_splits(), frozen_model())
    with pytest.raises(TrainingFailure, match="unfinished"):
        FeatureBank(job / "bank")


def test_a_stop_in_the_middle_of_the_second_split_leaves_no_bank(job):
    asked = itertools.count()
    # of 30 pictures with 3 views, and 12 with one
    run = run_of(job, ["--workers", "1"], stop_requested=lambda: next(asked) > 60)
    assert not make_bank(run, job / "bank", read_splits(), frozen_model())
    assert (job / "bank/train_labels.npy").exists() and not (job / "bank/bank.json").exists()


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


def test_features_that_half_precision_cannot_hold_are_refused(job):
    model = frozen_model()
    with torch.no_grad():
        model.conv1.weight.mul_(1e30)
        model.bn1.running_var.fill_(1e-12)
    with pytest.raises(TrainingFailure, match="do not fit into half precision"):
        bank_of(job / "bank", model)


@pytest.mark.parametrize("wrong", [["--freeze-backbone", "false"], ["--mixup", "0.2"], ["--feature-views", "0"]])
def test_features_only_says_what_it_wants(job, wrong):
    assert train.main([*FROZEN, "--features-only", "true", *wrong]) == 1
    assert "features-only makes a feature bank" in (job / "output/failure").read_text()


def test_the_digest_of_a_split_is_that_of_the_bank(job, channels):
    bank = bank_of(job / "bank", frozen_model())
    assert digest_of_split(read_split(channels / "train", "train")) == bank.manifest.data["train"]
    sorted((channels / "train/001.Amber_hound").iterdir())[0].rename(channels / "train/001.Amber_hound/zz.jpg")
    assert digest_of_split(read_split(channels / "train", "train")) != bank.manifest.data["train"]
