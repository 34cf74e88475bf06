"""Runs for TensorBoard and MLflow to read, and the environment that has both: .venv-tracking."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from container.tracking.run_files import RunFiles

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / ".venv-tracking/bin"
# The layout is the same everywhere; without the network nobody is told that these ran.
ENVIRONMENT = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
HYPERPARAMETERS = {"lr": "0.001", "arch": "timm/tf_efficientnet_lite0", "freeze-backbone": "true", "rules": "default"}


@pytest.fixture(scope="session")
def ask():
    """`ask("events", argument, ...)`: what tests/tracking/read_events.py, run by that environment, answers."""
    if not (PROGRAMS / "python").exists():
        pytest.fail("TensorBoard and MLflow are not here. `make test-tracking` makes .venv-tracking, once.")

    def read(what: str, *arguments: object):
        program = Path(__file__).with_name(f"read_{what}.py")
        done = subprocess.run(
            [PROGRAMS / "python", program, *map(str, arguments)],
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return read


def write_run(folder: Path, number: int = 1, epochs: int = 3, status: str = "Completed", **hyperparameters: str) -> str:
    """The files of a run, as the training program writes them. Returns the run's id."""
    run_id = f"{number:032x}"
    files = RunFiles(
        folder,
        job=f"dogbreed-train-{number}",
        run_id=run_id,
        host="algo-1",
        hyperparameters=HYPERPARAMETERS | hyperparameters,
    )
    for epoch in range(1, epochs + 1):
        files.figures(epoch, {"valid_loss": 1 / epoch, "valid_accuracy": 1 - 0.5 / epoch, "train_accuracy": None})
    if epochs:
        files.figures(epochs, {"test_accuracy": 0.87})
    if status:
        files.close(status)
    return run_id
