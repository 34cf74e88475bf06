"""Runs in the train image: the whole network fine-tuned, with one thing changed at a time; prints JSON.

    python recipe_fine_tuned.py DATA    # {"default": {"valid": [accuracy by seed], "test": [...]}, "mixup=0.2": ...}

An epoch takes a hundred times as long as one of a head on features: the pictures are smaller, and epochs
fewer. Every run has the same pictures, and a core of its own.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from one_core_each import one_core_each
from recipe_change import DEFAULT, Logits, best_epochs_of, by_change, changed

from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split, open_split
from container.model.network import create_model, preprocessing_of
from container.model.pretrained import load_pretrained
from container.runtime.device import ComputeDevice
from container.training.evaluation import evaluate
from container.training.trainer import Trainer

SEEDS = 5
COMMON = {"image-size": "128", "epochs": "4", "batch-size": "32"}
CHANGES = (
    "freeze-batch-norm=false",
    "lr=0.001",
    "early-lr=1",
    "head-epochs=0",
    "mixup=0.2",
    "cutmix=1",
)
SPLITS = ("train", "valid", "test")


def main(data: Path) -> None:
    splits = {name: read_split(data / name, name) for name in SPLITS}
    chosen = changed(COMMON, DEFAULT, 0)
    with tempfile.TemporaryDirectory() as folder:
        for split in splits.values():
            store = decode_split(split, preprocessing_of(chosen.arch, chosen.image_size), Path(folder))
            assert not store.unreadable, store.unreadable
        runs = [(data, Path(folder), seed, change) for seed in range(SEEDS) for change in (DEFAULT, *CHANGES)]
        found = by_change([seed for _, _, seed, _ in runs], one_core_each(best_epochs, runs))
    print(json.dumps(found))


def best_epochs(data: Path, folder: Path, seed: int, change: str) -> dict[str, dict[str, float]]:
    """By name, such as {"mixup=0.2": {"valid": 0.95, "test": 0.95}}: one run, and three of the default's."""
    chosen, compute = changed({**COMMON, "workers": "1"}, change, seed), ComputeDevice.choose()
    preprocessing = preprocessing_of(chosen.arch, chosen.image_size)
    examples = {
        name: PictureExamples(
            open_split(read_split(data / name, name), preprocessing, folder, {}, ""),
            preprocessing,
            chosen.min_crop,
            chosen.trivial_augment,
            chosen.workers,
        )
        for name in SPLITS
    }
    classes = len(read_split(data / "train", "train").classes)
    torch.manual_seed(seed)
    model = create_model(chosen.arch, classes, dropout=chosen.dropout)
    load_pretrained(model, chosen.arch, None)
    trainer = Trainer(model, examples["train"], classes, chosen, compute)

    def logits(model: torch.nn.Module, split: str, flipped: bool) -> Logits:
        found = evaluate(model, examples[split], compute, flipped)
        return found.probabilities.log(), found.labels

    return best_epochs_of(trainer, change, chosen.epochs, logits)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    main(parser.parse_args().data)
