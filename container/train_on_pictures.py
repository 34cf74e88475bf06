"""Training from picture files: a whole network in the ordinary loop, or a head on the features of a frozen backbone."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from container.channels import channel, read_splits
from container.checkpoint import load_checkpoint, save_checkpoint
from container.compute import Compute
from container.data import Split
from container.epochs import Best, train_epochs
from container.evaluation import evaluate
from container.evaluation_report import write_test_report
from container.feature_bank import FeatureBank, file_digest
from container.feature_pass import make_bank
from container.head import HEAD_WIDTHS, freeze_backbone
from container.hyperparameters import Hyperparameters
from container.model import check_input, create_model
from container.picture_examples import PictureExamples
from container.picture_digest import digest_of_listing
from container.picture_store import decode_split
from container.preprocessing import Preprocessing
from container.pretrained import load_pretrained
from container.run_checkpoint import RunCheckpoints, run_identity
from container.train_on_features import train_on_features
from container.training import Trainer
from container.weights_file import find_weights_file


def train_on_pictures(
    chosen: Hyperparameters, compute: Compute, stop_requested: Callable[[], bool], model_dir: Path, output_data_dir: Path
) -> None:
    """Train, or with features-only make a feature bank in `model_dir`. Raises TrainingFailure."""
    # Everything that can be wrong with the request is looked at before the first picture is decoded.
    splits = read_splits()
    classes = splits["train"].classes
    torch.manual_seed(chosen.seed)
    model = create_model(chosen.arch, len(classes), HEAD_WIDTHS, chosen.dropout)
    origin = ""
    if chosen.pretrained == "auto":
        origin = load_pretrained(model, chosen.arch, channel("pretrained"))
        print(f"pretrained weights: {origin}")
    if chosen.freeze_backbone:
        freeze_backbone(model)
    check_input(model, chosen.arch, chosen.image_size, min(chosen.batch_size, len(splits["train"].paths)))
    for split in splits.values():
        for warning in split.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        if not chosen.trains_on_features:
            _train_whole(model, splits, Path(folder), chosen, compute, origin, stop_requested, model_dir, output_data_dir)
            return
        bank = _make_bank(model, splits, model_dir if chosen.features_only else Path(folder), chosen, compute, origin, stop_requested)
        if bank and not chosen.features_only:
            train_on_features(bank, chosen, compute, stop_requested, model_dir, output_data_dir)


def _make_bank(
    model: nn.Module, splits: dict[str, Split], folder: Path, chosen: Hyperparameters, compute: Compute, origin: str,
    stop_requested: Callable[[], bool],
) -> FeatureBank | None:
    started = time.monotonic()
    found = find_weights_file(channel("pretrained")) if origin else None
    preprocessing = Preprocessing.for_image_size(chosen.image_size)
    if not make_bank(folder, splits, model, preprocessing, chosen, compute, origin, file_digest(found[0]) if found else "", stop_requested):
        print("stopped on request while the features were made; there is no model yet")
        return None
    bank = FeatureBank(folder)
    for name, split in splits.items():
        _say_channel(name, len(split.paths) - bank.manifest.unreadable[name], len(split.classes), bank.manifest.unreadable[name])
    print(
        f"feature bank {bank.manifest.key}: {chosen.feature_views} views of each training picture, made in "
        f"{time.monotonic() - started:.1f} s"
    )
    return bank


def _train_whole(
    model: nn.Module, splits: dict[str, Split], folder: Path, chosen: Hyperparameters, compute: Compute, origin: str,
    stop_requested: Callable[[], bool], model_dir: Path, output_data_dir: Path,
) -> None:
    started = time.monotonic()
    classes = splits["train"].classes
    preprocessing = Preprocessing.for_image_size(chosen.image_size)
    examples = {}
    for name, split in splits.items():
        store = decode_split(split, preprocessing, folder, chosen.workers)
        _say_channel(name, len(store), len(classes), len(store.unreadable))
        examples[name] = PictureExamples(store, preprocessing, chosen.min_crop)
    print(f"pictures decoded in {time.monotonic() - started:.1f} s")

    torch.manual_seed(chosen.seed)  # whatever the looking and the loading drew
    trainer = Trainer(model, examples["train"], len(classes), chosen, compute)

    def keep(best: Best) -> None:
        save_checkpoint(model_dir, best.state, chosen.arch, HEAD_WIDTHS, classes, preprocessing, best.facts)

    checkpoints = RunCheckpoints(run_identity(chosen, weights=origin, pictures=digest_of_listing(splits.values())))
    best, finished = train_epochs(trainer, examples["valid"], chosen.epochs, compute, stop_requested, checkpoints, keep)
    if not finished:
        return
    checkpoint = load_checkpoint(model_dir)
    print(f"best epoch: {checkpoint.facts['epoch']}, valid_accuracy {checkpoint.facts['valid_accuracy']:.4f}")
    if "test" in examples:
        write_test_report(evaluate(checkpoint.model.to(compute.device), examples["test"], compute), classes, output_data_dir)


def _say_channel(name: str, pictures: int, classes: int, unreadable: int) -> None:
    left_out = f", {unreadable} unreadable left out" if unreadable else ""
    print(f"channel {name}: {pictures} pictures, {classes} classes{left_out}")
