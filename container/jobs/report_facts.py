"""What the report says of a run besides its measurements: the job, its hyperparameters, its command, its data set."""

import os
import shlex
import time
from collections.abc import Sequence
from importlib.metadata import version

import torch

from container.jobs.run import Run
from container.report.record import RunRecord, SplitCounts
from container.training.hyperparameters import as_given
from contract.hyperparameters import Hyperparameters

PACKAGES = ("torch", "torchvision", "sagemaker-training", "smdebug")


def opening_record(run: Run) -> RunRecord:
    """The record of a run that begins now."""
    given = given_values(run.arguments)
    return RunRecord(
        started=time.time(),
        job=os.environ.get("TRAINING_JOB_NAME", ""),
        compute=str(run.device),
        hosts=run.process_rank.world_size // run.process_rank.local_world_size,
        command=command(given),
        hyperparameters=all_values(run.hyperparameters, given),
        versions={name: version(name) for name in PACKAGES},
    )


def counts(labels: torch.Tensor, classes: Sequence[str], unreadable: int, repeated: int) -> SplitCounts:
    """What a split holds.

    Args:
        labels: int64 [n], of the pictures that are used.
        classes: names, by label.
        unreadable, repeated: pictures that are left out.
    """
    return SplitCounts(
        len(labels),
        unreadable,
        repeated,
        dict(zip(classes, torch.bincount(labels, minlength=len(classes)).tolist(), strict=True)),
    )


def given_values(arguments: Sequence[str]) -> dict[str, str]:
    """`["--lr", "0.01", ...]` -> {"lr": "0.01", ...}, without what the platform adds."""
    return {name: value.strip('"') for name, value in as_given(list(arguments)).items() if not name.startswith("_")}


def all_values(hyperparameters: Hyperparameters, given: dict[str, str]) -> dict[str, str]:
    """Every hyperparameter as text: as it was given, else its default."""
    defaults = {"rules": "default", "trace_steps": "off"}  # the two that are more than numbers and words
    return {
        name.replace("_", "-"): given.get(name.replace("_", "-"), defaults.get(name, as_text(value)))
        for name, value in vars(hyperparameters).items()
    }


def as_text(value: object) -> str:
    """A value as a user writes it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def command(given: dict[str, str]) -> str:
    """The command that repeats a run with scripts/, quoted for a shell and for make."""
    pairs = " ".join(shlex.quote(f"{name}={value}") for name, value in given.items()).replace("$", "$$")
    return f'make train HYPERPARAMETERS="{pairs}"' if pairs else "make train"
