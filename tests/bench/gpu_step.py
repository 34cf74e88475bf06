"""Runs in the train image on a machine with a GPU: the training loop beside the bare step on a batch that stays there;
prints JSON.

    python gpu_step.py DATA [PICTURES]

The bare step is written out here: the same network, precision, loss and optimiser, and nothing else. It is measured
kernel by kernel and as CUDA graphs; the faster of the two is what a loop could reach. torch.compile is measured beside
them: it needs a C compiler, which the image has not."""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from training_speed import natural_pictures, options

from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.runtime.device import ComputeDevice
from container.training.evaluation import evaluate
from container.training.optimization import create_optimizer, set_rate
from container.training.trainer import Trainer

ARCH, SIZE, BATCH, RUNS = "resnet34", 224, 64, 5


class BareStep:
    """Forward, backward and optimiser on one batch."""

    def __init__(self, class_count: int, compute: ComputeDevice, graphs: bool = False, compiled: bool = False):
        torch.manual_seed(0)
        self._device = compute
        model = create_model(ARCH, class_count).to(compute.torch_device, memory_format=torch.channels_last).train()
        self._optimizer = create_optimizer(model, 0.01, 1.0)
        set_rate(self._optimizer, 1e-4)
        self._inputs = torch.randn((BATCH, 3, SIZE, SIZE), device=compute.torch_device).contiguous(
            memory_format=torch.channels_last
        )
        self._targets = F.one_hot(torch.arange(BATCH, device=compute.torch_device) % class_count, class_count).float()
        self._network = torch.compile(model) if compiled else model
        if graphs:
            with compute.autocast(cache=False):
                self._network = torch.cuda.make_graphed_callables(model, (self._inputs,))

    def run(self, steps: int) -> None:
        for _ in range(steps):
            with self._device.autocast():
                loss = F.cross_entropy(self._network(self._inputs), self._targets, label_smoothing=0.1)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()


def seconds(run: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def measure(data: Path, folder: Path, count: int) -> dict:
    split, preprocessing = (
        read_split(natural_pictures(data, folder / "natural", count), "train"),
        Preprocessing.for_image_size(SIZE),
    )
    began = time.perf_counter()
    examples = PictureExamples(decode_split(split, preprocessing, folder / "store"), preprocessing, 0.35)
    say(f"{count} pictures decoded, {count / (time.perf_counter() - began):.0f}/s")
    compute, steps, classes = ComputeDevice.choose(), count // BATCH, len(split.classes)
    trainers = {
        name: Trainer(
            create_model(ARCH, classes),
            examples,
            classes,
            options(arch=ARCH, epochs=RUNS + 1, **{"batch-size": BATCH, "cuda-graphs": graphs}),
            compute,
        )
        for name, graphs in {"loop": "true", "loop without graphs": "false"}.items()
    }
    in_float32 = ComputeDevice(compute.torch_device, torch.float32)
    bare = {
        "bare": BareStep(classes, compute),
        "bare with graphs": BareStep(classes, compute, graphs=True),
        "bare, float32": BareStep(classes, in_float32),
        **({"bare, compiled": BareStep(classes, compute, compiled=True)} if shutil.which("cc") else {}),
    }
    found: dict[str, list[float]] = {}
    for run in range(RUNS + 1):  # the first one warms up
        measured = {name: seconds(lambda: trainer.train_one_epoch(run + 1)) for name, trainer in trainers.items()}
        measured |= {name: seconds(lambda: step.run(steps)) for name, step in bare.items()}
        measured["inputs alone"] = seconds(lambda: inputs_alone(examples, run + 1, compute.torch_device))
        measured["evaluation"] = seconds(lambda: evaluate(trainers["loop"].model, examples, compute))
        for name, taken in measured.items():
            say(f"run {run}, {name}: {steps * BATCH / taken:.0f}/s")
            if run:
                found.setdefault(name, []).append(steps * BATCH / taken)
    return {"pictures_per_second": found, "gpu": str(compute)}


def inputs_alone(examples: PictureExamples, epoch: int, device: torch.device) -> None:
    for rows in torch.randperm(len(examples.labels)).split(BATCH):
        examples.training_inputs(rows, epoch, torch.Generator().manual_seed(epoch), device)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("pictures", type=int, nargs="?", default=2048)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(chosen.data, Path(scratch), chosen.pictures)
    for name, values in found["pictures_per_second"].items():
        say(f"{name}: {statistics.median(values):.0f}/s")
    print(json.dumps(found))
