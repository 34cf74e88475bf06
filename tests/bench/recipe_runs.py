"""Runs in the train image: the recipe with one thing changed, from scratch, and what each reaches; prints JSON.

    python recipe_runs.py DATA    # {"default": [valid accuracy by seed], "mixup=0.2": [...], ...}

Every run has the same epochs, pictures and seeds; the accuracy is that of its best epoch, as a job keeps it. early-lr and
head-epochs are for pretrained weights: what they cost from scratch says nothing of what they are worth there.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch

from container.compute import Compute
from container.data import Split, read_split
from container.evaluation import evaluate
from container.hyperparameters import Hyperparameters, parse
from container.model import create_model
from container.picture_examples import PictureExamples
from container.picture_store import PictureStore, decode_split
from container.preprocessing import Preprocessing
from container.training import Trainer

COMMON = ["--pretrained", "none", "--arch", "resnet18", "--batch-size", "32"]
CHANGES = [
    "", "label-smoothing=0", "dropout=0", "warmup-epochs=0", "min-crop=0.08", "min-crop=0.6", "trivial-augment=true", "mixup=0.2",
    "cutmix=1", "ema=0.99", "test-flip=true", "early-lr=0.1", "head-epochs=1",
]


def main(data: Path, size: int, epochs: int, seeds: int) -> None:
    splits = {name: read_split(data / name, name) for name in ("train", "valid")}
    preprocessing = Preprocessing.for_image_size(size)
    found: dict[str, list[float]] = {change or "default": [] for change in CHANGES}
    with tempfile.TemporaryDirectory() as folder:
        stores = {name: decode_split(split, preprocessing, Path(folder)) for name, split in splits.items()}
        for seed in range(seeds):
            for change in CHANGES:
                name, _, value = change.partition("=")
                changed = [f"--{name}", value] if change else []
                chosen = parse([*COMMON, "--image-size", str(size), "--epochs", str(epochs), "--seed", str(seed), *changed])
                found[change or "default"].append(best_accuracy(splits["train"], stores, preprocessing, chosen))
                print(f"seed {seed}, {change or 'default'}: {found[change or 'default'][-1]:.4f}", file=sys.stderr, flush=True)
    print(json.dumps(found))


def best_accuracy(split: Split, stores: dict[str, PictureStore], preprocessing: Preprocessing, chosen: Hyperparameters) -> float:
    torch.manual_seed(chosen.seed)
    model, compute = create_model(chosen.arch, len(split.classes), dropout=chosen.dropout), Compute.choose()
    train = PictureExamples(stores["train"], preprocessing, chosen.min_crop, chosen.trivial_augment)
    valid = PictureExamples(stores["valid"], preprocessing, chosen.min_crop)
    trainer = Trainer(model, train, len(split.classes), chosen, compute)
    best = 0.0
    for epoch in range(1, chosen.epochs + 1):
        trainer.train_one_epoch(epoch)
        best = max(best, evaluate(trainer.evaluated, valid, compute, chosen.test_flip).accuracy)
    return best


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("size", type=int)
    parser.add_argument("epochs", type=int)
    parser.add_argument("seeds", type=int)
    chosen = parser.parse_args()
    main(chosen.data, chosen.size, chosen.epochs, chosen.seeds)
