"""Runs in the train image: the same epochs with and without the instruments of a run, in turn; prints JSON.

    python debugger_speed.py DATA

Each variant trains a network of its own, all from the same weights and on the same pictures; an epoch of each in turn, so that a slow
minute of the machine slows all of them down. Seconds of an epoch, and how often the hook saved in it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import torch

from container.compute import Compute
from container.data import read_split
from container.debugging.rule_choices import parse_rules
from container.debugging.rule_run import RuleRun
from container.debugging.smdebug_library import TensorHook
from container.gradient_norms import GradientNorms
from container.instruments import Instruments
from container.model import create_model
from container.picture_examples import PictureExamples
from container.picture_store import decode_split
from container.preprocessing import Preprocessing
from container.profiling.step_times import StepTimes
from container.profiling.system_sampler import SystemSampler
from container.run_watch import save_interval
from container.training import Trainer
from training_speed import natural_pictures, options

ARCH, SIZE, BATCH = "resnet34", 96, 16
RUN = 1040  # steps of the default run: 10 epochs of 6,680 pictures
STEPS, EPOCHS = 52, 6
VARIANTS = ("off", "hook", "hook and rules", "profile", "all")


def measure(data: Path, folder: Path) -> dict:
    split, preprocessing = read_split(natural_pictures(data, folder / "natural", STEPS * BATCH), "train"), Preprocessing.for_image_size(SIZE)
    examples = PictureExamples(decode_split(split, preprocessing, folder / "store"), preprocessing, 0.35)
    chosen = options(arch=ARCH, epochs=EPOCHS, **{"batch-size": BATCH, "image-size": SIZE})
    classes, compute = len(split.classes), Compute.choose()
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with ExitStack() as ends:
        trainers = {}
        for name in VARIANTS:
            torch.manual_seed(0)
            model = create_model(ARCH, classes)
            trainers[name] = Trainer(model, examples, classes, chosen, compute)
            trainers[name].instruments = instruments(name, model, folder / name, compute, ends)
        for epoch in range(1, EPOCHS + 1):
            for name in VARIANTS[epoch % len(VARIANTS):] + VARIANTS[:epoch % len(VARIANTS)]:
                began = time.perf_counter()
                trainers[name].train_one_epoch(epoch)
                taken = time.perf_counter() - began
                print(f"epoch {epoch}, {name}: {taken:.2f} s", file=sys.stderr, flush=True)
                if epoch > 1:  # the first one warms up
                    found[name].append(taken)
    return {"seconds": found, "steps": STEPS, "save_interval": save_interval(RUN)}


def instruments(name: str, model, folder: Path, compute: Compute, ends: ExitStack) -> Instruments:
    folder.mkdir()
    watching = Instruments()
    if name in ("hook", "hook and rules", "all"):
        watching.hook = TensorHook.create(folder / "tensors", save_interval(RUN))
        watching.norms = GradientNorms(model, RUN)
        ends.callback(watching.hook.close)
    if name in ("hook and rules", "all"):
        rules = RuleRun(folder / "tensors", parse_rules("default"), folder / "rules.json")
        ends.callback(lambda: rules.finish(60))
    if name in ("profile", "all"):
        watching.times = StepTimes(compute.device)
        sampler = SystemSampler(folder / "profiler", "algo-1", 500)
        sampler.start()
        ends.callback(sampler.stop)
    return watching


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(chosen.data, Path(scratch))
    print(json.dumps(found), flush=True)
    os._exit(0)
