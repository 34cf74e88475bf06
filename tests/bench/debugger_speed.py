"""Runs in the train image: an epoch with some of the instruments of a run, or none; prints JSON.

    python debugger_speed.py DATA off|hook|rules|profile|all

A process of its own for each, since the rules and the sampler go on beside whatever else a process does. The epoch
before the measured one warms up; the rules' process begins in it."""

import argparse
import json
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from training_speed import natural_pictures, options

from container.data.class_folders import read_split
from container.data.picture_examples import PictureExamples
from container.data.picture_store import decode_split
from container.debugging.rule_run import RuleRun
from container.debugging.tensor_hook import TensorHook
from container.jobs.monitoring import save_interval
from container.model.network import create_model
from container.pictures.preprocessing import Preprocessing
from container.profiling.step_times import StepTimes
from container.profiling.system_sampler import SystemSampler
from container.runtime.device import ComputeDevice
from container.training.monitors import GradientNorms, Monitors
from container.training.trainer import Trainer
from contract.rule_choices import parse_rules

ARCH, SIZE, BATCH = "resnet34", 96, 16
RUN = 1040  # steps of the default run: 10 epochs of 6,680 pictures
STEPS = 52  # its tensors are saved once in so many
VARIANTS = ("off", "hook", "rules", "profile", "all")


def measure(data: Path, folder: Path, variant: str) -> dict:
    split, preprocessing = (
        read_split(natural_pictures(data, folder / "natural", STEPS * BATCH), "train"),
        Preprocessing.for_image_size(SIZE),
    )
    examples = PictureExamples(decode_split(split, preprocessing, folder / "store"), preprocessing, 0.35)
    classes, compute = len(split.classes), ComputeDevice.choose()
    trainer = Trainer(
        create_model(ARCH, classes),
        examples,
        classes,
        options(arch=ARCH, epochs=2, **{"batch-size": BATCH, "image-size": SIZE}),
        compute,
    )
    with ExitStack() as ends:
        trainer.monitors = instruments(variant, trainer, folder, compute, ends)
        trainer.train_one_epoch(1)
        began = time.perf_counter()
        trainer.train_one_epoch(2)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "steps": STEPS}


def instruments(variant: str, trainer: Trainer, folder: Path, compute: ComputeDevice, ends: ExitStack) -> Monitors:
    watching = Monitors()
    if variant in ("rules", "all"):
        rules = RuleRun(folder / "tensors", parse_rules("default"), folder / "rules.json")
        ends.callback(lambda: rules.finish(60))
    if variant in ("hook", "rules", "all"):
        watching.hook = TensorHook.create(folder / "tensors", save_interval(RUN))
        watching.norms = GradientNorms(trainer.model, RUN)
        ends.callback(watching.hook.close)  # before the rules' end, who wait for it
    if variant in ("profile", "all"):
        watching.times = StepTimes(compute.torch_device)
        sampler = SystemSampler(folder / "profiler", "algo-1", 500)
        sampler.start()
        ends.callback(sampler.stop)
    return watching


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("variant", choices=VARIANTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(chosen.data, Path(scratch), chosen.variant)
    print(json.dumps(found), flush=True)
    os._exit(0)
