"""Runs in the train image: a head on the frozen backbone's features, with one thing changed at a time; prints JSON.

    python recipe_frozen.py DATA
    # {"changes": {"default": {"valid": [accuracy by seed], "test": [...]}, "lr=0.003": {...}, ...},
    #  "features": {"train": {"float16": base64, "shape": [n, views, d], "labels": [...]}, "valid": ..., "test": ...}}

The features are those of the default, for a peer.
"""

import argparse
import base64
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from one_core_each import one_core_each
from recipe_change import DEFAULT, Logits, best_epochs_of, by_change, changed

from container.data.class_folders import Split, read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.jobs.feature_bank import BankedExamples, FeatureBank
from container.jobs.feature_pass import make_bank
from container.jobs.run import Run
from container.model.head import create_head
from container.model.network import create_model, preprocessing_of
from container.model.pretrained import load_pretrained
from container.runtime.device import ComputeDevice
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters

SEEDS, MOST_VIEWS = 5, 8
FROZEN = {"freeze-backbone": "true"}
# Each has features of its own; the others read the default's.
BANKS = ("image-size=160", "image-size=192", "image-size=256", "min-crop=0.1", "min-crop=0.7", "min-crop=1")
CHANGES = (
    *BANKS,
    "feature-views=1",
    f"feature-views={MOST_VIEWS}",
    "epochs=5",
    "epochs=20",
    "epochs=40",
    "lr=0.0003",
    "lr=0.003",
    "batch-size=32",
    "warmup-epochs=0",
    "weight-decay=0",
    "weight-decay=0.1",
    "label-smoothing=0",
    "label-smoothing=0.2",
    "dropout=0.2",
)


def main(data: Path) -> None:
    splits = {name: read_split(data / name, name) for name in ("train", "valid", "test")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for change in (DEFAULT, *BANKS):
            print(f"features: {change}", file=sys.stderr, flush=True)
            make_features(folder, change, splits)
        runs = [(folder, seed, change) for seed in range(SEEDS) for change in (DEFAULT, *CHANGES)]
        found = by_change([seed for _, seed, _ in runs], one_core_each(best_epochs, runs))
        print(json.dumps({"changes": found, "features": default_features(folder)}))


def place_of(folder: Path, change: str) -> Path:
    """The bank that a run reads."""
    return folder / (change if change in BANKS else DEFAULT)


def make_features(folder: Path, change: str, splits: dict[str, Split]) -> None:
    """The bank of a change; the default's has as many views as any change takes, and mirror images of what is
    evaluated.
    """
    views = {"feature-views": str(MOST_VIEWS)} if change == DEFAULT else {}
    chosen, compute, place = changed({**FROZEN, **views}, change, 0), ComputeDevice.choose(), place_of(folder, change)
    model = create_model(chosen.arch, len(splits["train"].classes))
    load_pretrained(model, chosen.arch, None)
    make_bank(Run(chosen, compute, model_dir=place, output_data_dir=place), place, splits, model)
    if change == DEFAULT:
        for name in ("valid", "test"):
            np.save(place / f"{name}_mirrored.npy", mirrored_features(model, splits[name], chosen, compute, folder))


@torch.inference_mode()
def mirrored_features(
    backbone: torch.nn.Module, split: Split, chosen: Hyperparameters, compute: ComputeDevice, folder: Path
) -> np.ndarray:
    """float32 [n, d]."""
    preprocessing = preprocessing_of(chosen.arch, chosen.image_size)
    pictures = PictureExamples(decode_split(split, preprocessing, folder / "squares"), preprocessing, chosen.min_crop)
    features = []
    for start in range(0, len(pictures.labels), 32):
        inputs = pictures.evaluation_inputs(start, min(start + 32, len(pictures.labels)), compute.torch_device)
        with compute.autocast():
            features.append(backbone(inputs.flip(-1)).float())
    return torch.cat(features).numpy()


def best_epochs(folder: Path, seed: int, change: str) -> dict[str, dict[str, float]]:
    """By name, such as {"lr=0.003": {"valid": 0.95, "test": 0.95}}: one run, and three of the default's."""
    chosen = changed({**FROZEN, "workers": "1"}, change, seed)
    compute, place = ComputeDevice.choose(), place_of(folder, change)
    bank = FeatureBank(place)
    features = np.load(place / "train.npy", mmap_mode="r")[:, : chosen.feature_views]
    train = BankedExamples(features, np.load(place / "train_labels.npy"))
    evaluated = {name: bank.examples(name) for name in ("valid", "test")}
    classes = len(bank.manifest.classes)
    torch.manual_seed(seed)
    trainer = Trainer(
        create_head(bank.manifest.in_features, classes, dropout=chosen.dropout), train, classes, chosen, compute
    )

    @torch.inference_mode()
    def logits(head: torch.nn.Module, split: str, flipped: bool) -> Logits:
        examples = evaluated[split]
        views = [examples.evaluation_inputs(0, len(examples.labels), compute.torch_device)]
        if flipped:
            views.append(torch.from_numpy(np.load(place / f"{split}_mirrored.npy")))
        with compute.autocast():
            found = [head.eval()(view).float() for view in views]
        return torch.stack(found).mean(0), examples.labels

    return best_epochs_of(trainer, change, chosen.epochs, logits)


def default_features(folder: Path) -> dict[str, Any]:
    """What the default's runs read, by split."""
    place = place_of(folder, DEFAULT)
    found = {}
    for name in ("train", "valid", "test"):
        features, labels = np.load(place / f"{name}.npy"), np.load(place / f"{name}_labels.npy")
        features = features[labels >= 0, : changed(FROZEN, DEFAULT, 0).feature_views]
        found[name] = {
            "float16": base64.b64encode(features.tobytes()).decode(),
            "shape": features.shape,
            "labels": labels[labels >= 0].tolist(),
        }
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    main(parser.parse_args().data)
