"""Runs in the train image: the recipe with one thing changed, from scratch, and what each reaches; prints JSON.

    python recipe_runs.py DATA SIZE EPOCHS SEEDS    # {"default": [valid accuracy by seed], "mixup=0.2": [...], ...}

Every run has the same epochs, pictures and seeds, and a core of its own; an accuracy is that of the best epoch, as a
job keeps it. early-lr and head-epochs are for pretrained weights: what they cost from scratch says nothing of what they
are worth there."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch
from one_core_each import one_core_each

from container.data.class_folders import Split, read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split, open_split
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters

COMMON = ["--pretrained", "none", "--arch", "resnet18", "--batch-size", "32", "--workers", "1"]
EMA = "ema=0.99"
DEFAULT, FLIPPED = (
    "default",
    "test-flip=true",
)  # what is evaluated otherwise, and not trained otherwise, is measured in the default's run
CHANGES = [
    "label-smoothing=0",
    "dropout=0.2",
    "warmup-epochs=0",
    "trivial-augment=true",
    "mixup=0.2",
    "cutmix=1",
    "early-lr=0.1",
    "head-epochs=1",
]


def main(data: Path, size: int, epochs: int, seeds: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in (DEFAULT, FLIPPED, EMA, *CHANGES)}
    with tempfile.TemporaryDirectory() as folder:
        decode(data, size, Path(folder))
        runs = [(seed, change) for seed in range(seeds) for change in (DEFAULT, *CHANGES)]
        trainings = [
            (data, Path(folder), change, hyperparameters_of(size, epochs, seed, change)) for seed, change in runs
        ]
        for (seed, _), accuracies in zip(runs, one_core_each(best_accuracies, trainings), strict=True):
            for name, accuracy in accuracies.items():
                found[name].append(accuracy)
                print(f"seed {seed}, {name}: {accuracy:.4f}", file=sys.stderr, flush=True)
    print(json.dumps(found))


def hyperparameters_of(size: int, epochs: int, seed: int, change: str) -> Hyperparameters:
    name, _, value = (EMA if change == DEFAULT else change).partition("=")
    changed = [f"--{name}", value]
    return parse([*COMMON, "--image-size", str(size), "--epochs", str(epochs), "--seed", str(seed), *changed])


def splits_of(data: Path) -> dict[str, Split]:
    return {name: read_split(data / name, name) for name in ("train", "valid")}


def decode(data: Path, size: int, folder: Path) -> None:
    """The stores that every run opens. Pictures that cannot be read end it here."""
    for split in splits_of(data).values():
        store = decode_split(split, Preprocessing.for_image_size(size), folder)
        assert not store.unreadable, store.unreadable


def best_accuracies(data: Path, folder: Path, change: str, chosen: Hyperparameters) -> dict[str, float]:
    """By name, such as {"cutmix=1": 0.4}: one run, and three figures of the default's."""
    splits, preprocessing = splits_of(data), Preprocessing.for_image_size(chosen.image_size)
    stores = {name: open_split(split, preprocessing, folder, {}, "") for name, split in splits.items()}
    class_count = len(splits["train"].classes)
    torch.manual_seed(chosen.seed)
    model, compute = create_model(chosen.arch, class_count, dropout=chosen.dropout), ComputeDevice.choose()
    train = PictureExamples(stores["train"], preprocessing, chosen.min_crop, chosen.trivial_augment, chosen.workers)
    valid = PictureExamples(stores["valid"], preprocessing, chosen.min_crop)
    trainer = Trainer(model, train, class_count, chosen, compute)
    evaluations = {change: lambda: evaluate(trainer.model, valid, compute)}
    if change == DEFAULT:
        evaluations[FLIPPED] = lambda: evaluate(trainer.model, valid, compute, test_flip=True)
        evaluations[EMA] = lambda: evaluate(trainer.evaluated, valid, compute)
    best = dict.fromkeys(evaluations, 0.0)
    for epoch in range(1, chosen.epochs + 1):
        trainer.train_one_epoch(epoch)
        best = {name: max(best[name], measure().accuracy) for name, measure in evaluations.items()}
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("size", type=int)
    parser.add_argument("epochs", type=int)
    parser.add_argument("seeds", type=int)
    asked = parser.parse_args()
    main(asked.data, asked.size, asked.epochs, asked.seeds)
