"""The feature bank: a frozen backbone's features, computed once, give the training that the whole network would."""

import itertools
import shutil

import numpy as np
import pytest
import torch

from container.data.class_folders import picture_channels, read_split, read_splits
from container.data.picture_digest import digest_of_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank, view
from container.model.head import head_of
from container.pictures.preprocessing import Preprocessing
from container.runtime.failure import TrainingFailure
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from tests.container.jobs.same_views import SameViews
from tests.container.jobs.small_bank import CPU, FROZEN, PREPROCESSING, bank_of, frozen_model, run_of


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


def test_a_folder_can_be_used_again_and_holds_no_bank_meanwhile(job):
    bank_of(job / "bank", frozen_model())
    again = bank_of(job / "bank", frozen_model(), ["--feature-views", "2"])
    assert again.manifest.views == 2 and again.examples("train") is not None
    assert not make_bank(run_of(job, stop_requested=lambda: True), job / "bank", read_splits(), frozen_model())
    with pytest.raises(TrainingFailure, match="unfinished"):
        FeatureBank(job / "bank")


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


def test_pictures_that_are_held_out_as_well_are_left_out_of_the_bank(job, channels, capfd):
    shutil.copy(channels / "valid/002.Slate_setter/1.jpg", channels / "train/002.Slate_setter/99.jpg")
    bank = bank_of(job / "bank", frozen_model())
    assert bank.manifest.repeated == 1 and bank.manifest.unreadable == {"train": 0, "valid": 0, "test": 0}
    assert len(bank.examples("train").labels) == 30 and len(bank.examples("valid").labels) == 12
    assert "warning: 1 picture of channel train is in channel valid, too" in capfd.readouterr().err
    bank.check(run_of(job).hyperparameters, None, picture_channels())


def test_a_bank_of_one_channel_that_was_split_is_held_against_that_channel(job, channels, monkeypatch):
    for name in ("VALID", "TEST"):
        monkeypatch.delenv(f"SM_CHANNEL_{name}")
    bank = bank_of(job / "bank", frozen_model())
    assert {name: len(bank.examples(name).labels) for name in bank.manifest.data} == {
        "train": 24,
        "valid": 3,
        "test": 3,
    }
    bank.check(run_of(job).hyperparameters, None, picture_channels())
    (channels / "train/002.Slate_setter/1.jpg").unlink()
    with pytest.raises(TrainingFailure, match="other pictures than those in channel train"):
        bank.check(run_of(job).hyperparameters, None, picture_channels())


def test_a_stop_while_the_features_are_made_leaves_no_bank(job):
    assert not make_bank(run_of(job, stop_requested=lambda: True), job / "bank", read_splits(), frozen_model())
    with pytest.raises(TrainingFailure, match="unfinished"):
        FeatureBank(job / "bank")


def test_a_stop_in_the_middle_of_the_second_split_leaves_no_bank(job):
    asked = itertools.count()
    # of 30 pictures with 3 views, and 12 with one
    run = run_of(job, ["--workers", "1"], stop_requested=lambda: next(asked) > 60)
    assert not make_bank(run, job / "bank", read_splits(), frozen_model())
    assert (job / "bank/valid.npy").exists() and not (job / "bank/bank.json").exists()


def test_features_that_half_precision_cannot_hold_are_refused(job):
    model = frozen_model()
    with torch.no_grad():
        model.conv1.weight.mul_(1e30)
        model.bn1.running_var.fill_(1e-12)
    with pytest.raises(TrainingFailure, match="are too large for half precision, or no numbers"):
        bank_of(job / "bank", model)


def test_the_digest_of_a_split_is_that_of_the_bank(job, channels):
    bank = bank_of(job / "bank", frozen_model())
    assert digest_of_split(read_split(channels / "train", "train")) == bank.manifest.data["train"]
    sorted((channels / "train/001.Amber_hound").iterdir())[0].rename(channels / "train/001.Amber_hound/zz.jpg")
    assert digest_of_split(read_split(channels / "train", "train")) != bank.manifest.data["train"]
