"""A bank that another run made, or that is not whole, is refused by what differs."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from container.data.class_folders import read_splits
from container.jobs import feature_bank
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank
from container.model import local_weights
from container.model.network import create_model
from container.runtime.failure import TrainingFailure
from container.training.hyperparameters import parse
from tests.container.jobs.small_bank import FROZEN, bank_of, frozen_model, run_of


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
    monkeypatch.setattr(local_weights.find_weights_file, "__defaults__", (job / "image",))
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


def test_a_bank_whose_files_have_their_size_and_are_torn_is_named_by_the_file(job):
    bank_of(job / "bank", frozen_model())
    for name in ("backbone.safetensors", "train.npy"):
        (job / "bank" / name).write_bytes(b"x" * (job / "bank" / name).stat().st_size)
    torn = FeatureBank(job / "bank")
    with pytest.raises(TrainingFailure, match=r"backbone\.safetensors of the feature bank in .*/bank is torn"):
        _ = torn.backbone
    with pytest.raises(TrainingFailure, match=r"train\.npy or train_labels\.npy of the feature bank in .* is torn"):
        torn.examples("train")
