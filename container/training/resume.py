"""Resuming a run after an interruption, from the checkpoints that it wrote to /opt/ml/checkpoints.

SageMaker copies the folder to the request's CheckpointConfig.S3Uri while a job runs, and back before an interrupted job
starts again. https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
A file's name holds its run and the digest of its content, so that one copied in part is not taken for a whole one.
"""

import contextlib
import hashlib
import io
import json
import os
import pickle
import re
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from contract.atomic_write import replacing
from contract.hyperparameters import Hyperparameters

FOLDER = Path("/opt/ml/checkpoints")  # CheckpointConfig.LocalPath; there is no such folder without a CheckpointConfig
SECONDS_BETWEEN_CHECKPOINTS = 60
KEPT = 2  # the newest, and the one before it, should that be torn
FORMAT = "run-4"
_NAME = re.compile(r"run-([0-9a-f]{12})-step-(\d{9})-([0-9a-f]{16})\.pt")
_IRRELEVANT = (
    "workers",
    "features_only",
    "unknown_below",
    "cuda_graphs",
    "debugger",
    "save_interval",
    "rules",
    "profiler",
    "trace_steps",
)  # hyperparameters that do not change what is learnt


def run_identity(hyperparameters: Hyperparameters, **more: str) -> dict[str, str]:
    """What two runs must have in common for one to resume from the other: the hyperparameters, and `more`."""
    values = asdict(hyperparameters).items()
    return {**{name.replace("_", "-"): str(value) for name, value in values if name not in _IRRELEVANT}, **more}


class RunCheckpoints:
    """The checkpoints of one run. Without the folder none are written and none are found."""

    def __init__(self, identity: dict[str, str]):
        self._identity = identity
        self._run = hashlib.sha256(json.dumps([FORMAT, identity], sort_keys=True).encode()).hexdigest()[:12]
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether it is time for the next one."""
        return FOLDER.is_dir() and time.monotonic() - self._last >= SECONDS_BETWEEN_CHECKPOINTS

    def write(self, step: int, state: dict[str, Any]) -> None:
        """Write a checkpoint, then remove those of this run before the last two. state: tensors, numbers and text,
        nested.

        A disk that is full loses the checkpoint and not the run: a warning says so.
        """
        if not FOLDER.is_dir():
            return
        packed = io.BytesIO()
        torch.save({"identity": self._identity, "state": state}, packed)
        content = packed.getbuffer()
        name = f"run-{self._run}-step-{step:09}-{_digest(content)}.pt"
        try:
            with replacing(FOLDER / name) as unfinished, unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            print(
                f"warning: checkpoint {name} could not be written, and training continues without it: {error}",
                file=sys.stderr,
            )
            with contextlib.suppress(OSError):
                unfinished.unlink()
            return
        finally:
            self._last = time.monotonic()
        for path in self._own()[KEPT:]:
            path.unlink(missing_ok=True)

    def newest(self) -> dict[str, Any] | None:
        """The state in the newest whole checkpoint of this run; None without one. Prints which checkpoint it takes, and
        why not the others.
        """
        for path in self._own():
            loaded = _load(path)
            if loaded is not None:
                print(f"going on from checkpoint {path.name}")
                return loaded["state"]
            print(f"warning: checkpoint {path.name} is torn and not used; an earlier one is, if any", file=sys.stderr)
        for path in _all():
            print(f"warning: checkpoint {path.name} is not used, and stays: {self._difference(path)}", file=sys.stderr)
        return None

    def _own(self) -> list[Path]:
        """Newest first."""
        return [path for path in _all() if _parts(path)[0] == self._run]

    def _difference(self, path: Path) -> str:
        loaded = _load(path)
        if loaded is None:
            return "it is torn, or another version's"
        theirs = loaded["identity"]
        for name in sorted({*theirs, *self._identity}):
            was, wanted = theirs.get(name, "nothing"), self._identity.get(name, "nothing")
            if was != wanted:
                return f"it is of a run with {name}={was}, and this one has {wanted}"
        return "another version of this program wrote it"


def _all() -> list[Path]:
    """Every run's checkpoints, newest step first."""
    if not FOLDER.is_dir():
        return []
    return sorted(
        (path for path in FOLDER.iterdir() if _NAME.fullmatch(path.name)),
        key=lambda path: _parts(path)[1],
        reverse=True,
    )


def _digest(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _parts(path: Path) -> tuple[str, str, str]:
    """Run, step and digest, from the name of a checkpoint."""
    found = _NAME.fullmatch(path.name)
    assert found is not None  # _all has no others
    return found[1], found[2], found[3]


def _load(path: Path) -> dict[str, Any] | None:
    """None for a file that is not what its name says."""
    content = path.read_bytes()
    if _digest(content) != _parts(path)[2]:
        return None
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError):
        return None
