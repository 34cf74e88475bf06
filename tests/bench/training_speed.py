"""Runs in the train image: the training's parts beside torchvision's reference, in turn; prints JSON.

python training_speed.py DATA pipeline     # pictures per second that the input pipeline makes, at 500x375
python training_speed.py DATA epoch        # seconds of an epoch of the whole network
python training_speed.py DATA growth N     # seconds and peak memory with N pictures
python training_speed.py DATA learning     # loss and accuracy after the same epochs, 5 seeds
python training_speed.py DATA versions
"""

import argparse
import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import reference
import torch
from one_core_each import one_core_each
from own_memory import own_memory
from PIL import Image

from container.data.batches import random_for, shuffled_batches
from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split, open_split
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.training.evaluation import evaluate
from container.training.hyperparameters import parse
from container.training.trainer import Trainer
from contract.hyperparameters import Hyperparameters

CORES = len(os.sched_getaffinity(0))
RUNS, SEEDS = 5, 5
SIZE, BATCH = 224, 32
PIPELINE_PICTURES, EPOCH_PICTURES = 640, 160
LEARNING_EPOCHS, LEARNING_SIZE = 12, 64
GROWTH_SIZE = 128


def natural_pictures(data: Path, folder: Path, count: int) -> Path:
    """`count` pictures of 500x375, in the class folders of `data`'s train split; the same ones again where there are
    too few.
    """
    split = read_split(data / "train", "train")
    for number in range(count):
        row = number * len(split.paths) // count if count <= len(split.paths) else number % len(split.paths)
        path = folder / split.paths[row].parent.name / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(split.paths[row]) as picture:
            picture.convert("RGB").resize((500, 500)).crop((0, 62, 500, 437)).save(path, quality=90)
    return folder


def options(**changes) -> Hyperparameters:
    chosen = {"pretrained": "none", "batch-size": BATCH, "image-size": SIZE, **changes}
    return parse([word for name, value in chosen.items() for word in (f"--{name}", str(value))])


def pipeline(data: Path, folder: Path) -> dict:
    pictures = natural_pictures(data, folder / "natural", PIPELINE_PICTURES)
    split, preprocessing, chosen = read_split(pictures, "train"), Preprocessing.for_image_size(SIZE), options()
    found = {"first": [], "later": [], "peer": []}
    for run in range(RUNS):
        began = time.perf_counter()
        examples = PictureExamples(
            decode_split(split, preprocessing, folder / f"store-{run}"), preprocessing, chosen.min_crop
        )
        first = run_through(examples, 1)
        found["first"].append(first / (time.perf_counter() - began))
        began = time.perf_counter()
        found["later"].append(run_through(examples, 2) / (time.perf_counter() - began))
        loader = reference.training_loader(pictures, SIZE, BATCH, CORES, run)
        began = time.perf_counter()
        seen = sum(len(labels) for _, labels in loader)
        found["peer"].append(seen / (time.perf_counter() - began))
        print(f"pipeline {run}: {found}", file=sys.stderr, flush=True)
    return found


def run_through(examples: PictureExamples, epoch: int) -> int:
    """Make the inputs of every step of an epoch, as the trainer does; returns how many pictures that were."""
    batches = shuffled_batches(len(examples.labels), BATCH, random_for(0, epoch))
    for number, rows in enumerate(batches):
        examples.training_inputs(rows, epoch, random_for(0, epoch, number), torch.device("cpu"))
    return sum(map(len, batches))


def epoch(data: Path, folder: Path) -> dict:
    """The first run warms up; it also says whether the peer is faster with one worker or with one for each core.

    The reference computes in this process, on all cores, while its workers decode.
    """
    pictures = natural_pictures(data, folder / "natural", EPOCH_PICTURES)
    split, preprocessing, chosen = (
        read_split(pictures, "train"),
        Preprocessing.for_image_size(SIZE),
        options(arch="resnet34", epochs=RUNS + 1),
    )
    model = reference.reference_model("resnet34", len(split.classes))
    optimizer = reference.reference_optimizer(model, BATCH)
    found, worker_counts = {"first": [], "later": [], "peer": []}, [1, CORES]
    for run in range(RUNS + 1):
        began = time.perf_counter()
        examples = PictureExamples(decode_split(split, preprocessing, folder / "store"), preprocessing, chosen.min_crop)
        decoded = time.perf_counter() - began
        if run == 0:
            trainer = Trainer(
                create_model("resnet34", len(split.classes)),
                examples,
                len(split.classes),
                chosen,
                ComputeDevice.choose(),
            )
        began = time.perf_counter()
        trainer.train_one_epoch(run + 1)
        later = time.perf_counter() - began
        peers = {}
        for workers in worker_counts:
            began = time.perf_counter()
            reference.train_one_epoch(model, reference.training_loader(pictures, SIZE, BATCH, workers, run), optimizer)
            peers[workers] = time.perf_counter() - began
        worker_counts = [min(peers, key=peers.get)]
        if run:
            found["first"].append(decoded + later)
            found["later"].append(later)
            found["peer"].append(min(peers.values()))
        print(f"epoch {run}: {found}", file=sys.stderr, flush=True)
    return found


def growth(data: Path, folder: Path, count: int) -> dict:
    """Seconds of decoding and of one epoch of a small network, and the most memory that was the process's own after any
    step.
    """
    pictures = natural_pictures(data, folder / "natural", count)
    split, preprocessing = read_split(pictures, "train"), Preprocessing.for_image_size(GROWTH_SIZE)
    chosen = options(arch="shufflenet_v2_x0_5", epochs=1, **{"image-size": GROWTH_SIZE})
    model = create_model("shufflenet_v2_x0_5", len(split.classes))
    model(torch.zeros(BATCH, 3, GROWTH_SIZE, GROWTH_SIZE)).sum().backward()  # what is made once is made
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, own_memory())
        return False

    began = time.perf_counter()
    examples = PictureExamples(decode_split(split, preprocessing, folder / "store"), preprocessing, chosen.min_crop)
    Trainer(model, examples, len(split.classes), chosen, ComputeDevice.choose()).train_one_epoch(1, look)
    return {"seconds": time.perf_counter() - began, "megabytes": most / 1000}


def learning(data: Path, folder: Path) -> dict:
    for name in ("train", "valid"):
        assert not decode_split(
            read_split(data / name, name), Preprocessing.for_image_size(LEARNING_SIZE), folder
        ).unreadable
    found = {"ours": [], "peer": []}
    runs = [(data, folder, seed, side) for seed in range(SEEDS) for side in found]
    for (_, _, seed, side), result in zip(runs, one_core_each(learned, runs), strict=True):
        found[side].append(result)
        print(f"learning {seed}, {side}: loss {result[0]:.4f}, accuracy {result[1]:.4f}", file=sys.stderr, flush=True)
    return found


def learned(data: Path, folder: Path, seed: int, side: str) -> tuple[float, float]:
    """Loss and accuracy on the valid split."""
    torch.manual_seed(seed)
    return our_result(data, folder, seed) if side == "ours" else reference_result(data, seed)


def our_result(data: Path, folder: Path, seed: int) -> tuple[float, float]:
    preprocessing, compute = Preprocessing.for_image_size(LEARNING_SIZE), ComputeDevice.choose()
    chosen = options(arch="resnet18", epochs=LEARNING_EPOCHS, seed=seed, workers=1, **{"image-size": LEARNING_SIZE})
    splits = {name: read_split(data / name, name) for name in ("train", "valid")}
    examples = {
        name: PictureExamples(
            open_split(split, preprocessing, folder, {}, ""), preprocessing, chosen.min_crop, workers=1
        )
        for name, split in splits.items()
    }
    class_count = len(splits["train"].classes)
    trainer = Trainer(
        create_model("resnet18", class_count, dropout=chosen.dropout), examples["train"], class_count, chosen, compute
    )
    for number in range(1, LEARNING_EPOCHS + 1):
        trainer.train_one_epoch(number)
    result = evaluate(trainer.evaluated, examples["valid"], compute)
    return result.loss, result.accuracy


def reference_result(data: Path, seed: int) -> tuple[float, float]:
    loader = reference.training_loader(data / "train", LEARNING_SIZE, BATCH, 0, seed)
    model = reference.reference_model("resnet18", len(loader.dataset.classes))
    optimizer = reference.reference_optimizer(model, BATCH)
    schedule = reference.reference_schedule(optimizer, LEARNING_EPOCHS)
    for _ in range(LEARNING_EPOCHS):
        reference.train_one_epoch(model, loader, optimizer)
        schedule.step()
    return reference.evaluate(model, reference.evaluation_loader(data / "valid", LEARNING_SIZE, 0))


def versions(data: Path, folder: Path) -> dict:
    return {name: version(name) for name in ("torch", "torchvision", "pillow")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=("pipeline", "epoch", "growth", "learning", "versions"))
    parser.add_argument("count", type=int, nargs="*")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(globals()[chosen.what](chosen.data, Path(scratch), *chosen.count)))
