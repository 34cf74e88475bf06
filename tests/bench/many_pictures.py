"""Runs in the train image: a data set of the size that users have, from files to a trained network; prints JSON.

    python many_pictures.py DATA COUNT
    # {"feature bank": seconds, "trial": seconds, "fine-tuning": seconds, "megabytes": {"feature bank": MB, ...}}

The pictures are DATA's photographs, altered, in as many classes as dog breeds. A trial is 5 epochs of a head on the
bank; fine-tuning is an epoch of the whole network, decoding included. Both start from the weights in the image.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from one_core_each import one_core_each
from own_memory import own_memory
from PIL import Image, ImageEnhance

from container.data.class_folders import Split, read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.jobs.feature_bank import FeatureBank
from container.jobs.feature_pass import make_bank
from container.jobs.run import Run
from container.model.head import create_head
from container.model.network import create_model, preprocessing_of
from container.model.pretrained import load_pretrained
from container.runtime.device import ComputeDevice
from container.training.hyperparameters import parse
from container.training.trainer import Examples, Trainer
from contract.hyperparameters import EMBEDDED_ARCH, Hyperparameters

CLASSES, SIZE = 133, 128
TRIAL_EPOCHS = 5
EVALUATED = 10  # one picture of the valid split for so many of the train split
WIDTH, HEIGHT = 320, 240
AT_ONCE = 500  # pictures that a process alters in one go


def main(data: Path, count: int) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = read_split(data / "train", "train").paths
        for split, pictures in (("train", count), ("valid", count // EVALUATED)):
            chunks = [range(start, min(start + AT_ONCE, pictures)) for start in range(0, pictures, AT_ONCE)]
            for _ in one_core_each(alter, [(sources, folder / split, split, chunk) for chunk in chunks]):
                pass
        splits = {split: read_split(folder / split, split) for split in ("train", "valid")}
        measured = _Measured()
        frozen, whole = options(freeze_backbone=True), options(freeze_backbone=False)
        with measured("feature bank"):
            make_bank(a_run(frozen, folder), folder / "bank", splits, network(frozen))
        with measured("trial"):
            train_head(frozen, folder / "bank")
        with measured("fine-tuning"):
            fine_tune(whole, splits["train"], folder)
        return {**measured.seconds, "megabytes": measured.megabytes}


def options(freeze_backbone: bool) -> Hyperparameters:
    given = {
        "arch": EMBEDDED_ARCH,
        "image-size": SIZE,
        "epochs": TRIAL_EPOCHS,
        "freeze-backbone": str(freeze_backbone).lower(),
        "head-epochs": 0,
    }
    return parse([word for name, value in given.items() for word in (f"--{name}", str(value))])


def alter(sources: list[Path], folder: Path, split: str, numbers: range) -> None:
    """Write pictures: a crop of a photograph, in other colours, mirrored or not, so that no two are alike."""
    for number in numbers:
        chance = random.Random(f"{split} {number}")
        path = folder / f"breed-{number % CLASSES:03d}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(sources[number % len(sources)]) as picture:
            share, left, top = chance.uniform(0.6, 0.95), chance.random(), chance.random()
            width, height = (share * side for side in picture.size)
            x, y = left * (picture.width - width), top * (picture.height - height)
            box = (x, y, x + width, y + height)
            altered = picture.convert("RGB").resize((WIDTH, HEIGHT), box=box, reducing_gap=2)
        if chance.random() < 0.5:
            altered = altered.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        ImageEnhance.Color(altered).enhance(chance.uniform(0.6, 1.4)).save(path, quality=90)


def a_run(hyperparameters: Hyperparameters, folder: Path) -> Run:
    return Run(hyperparameters, ComputeDevice.choose(), model_dir=folder, output_data_dir=folder)


def network(hyperparameters: Hyperparameters) -> torch.nn.Module:
    model = create_model(hyperparameters.arch, CLASSES)
    load_pretrained(model, hyperparameters.arch, None)
    return model


def train_head(hyperparameters: Hyperparameters, folder: Path) -> None:
    bank = FeatureBank(folder)
    head = create_head(bank.manifest.in_features, CLASSES)
    train_epochs(head, bank.examples("train"), hyperparameters, TRIAL_EPOCHS)


def fine_tune(hyperparameters: Hyperparameters, split: Split, folder: Path) -> None:
    preprocessing = preprocessing_of(hyperparameters.arch, SIZE)
    store = decode_split(split, preprocessing, folder / "store")
    pictures = PictureExamples(store, preprocessing, hyperparameters.min_crop)
    train_epochs(network(hyperparameters), pictures, hyperparameters, 1)


def train_epochs(model: torch.nn.Module, examples: Examples, hyperparameters: Hyperparameters, epochs: int) -> None:
    trainer = Trainer(model, examples, CLASSES, hyperparameters, ComputeDevice.choose())
    for epoch in range(1, epochs + 1):
        trainer.train_one_epoch(epoch)


class _Measured:
    """Seconds of each part, and the most memory of the process's own meanwhile, MB."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.megabytes: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        most, ended = own_memory(), threading.Event()

        def look() -> None:
            nonlocal most
            while not ended.wait(0.05):
                most = max(most, own_memory())

        looker = threading.Thread(target=look)
        began = time.perf_counter()
        looker.start()
        try:
            yield
        finally:
            self.seconds[part] = time.perf_counter() - began
            ended.set()
            looker.join()
        self.megabytes[part] = most / 1000
        print(f"{part}: {self.seconds[part]:.1f} s, {self.megabytes[part]:.0f} MB", file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("count", type=int)
    args = parser.parse_args()
    print(json.dumps(main(args.data, args.count)))
