"""A run in the layout of MLflow's file store: a folder for the experiment, in it one for the run.

https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/file_store.py
"""

import json
from collections.abc import Mapping
from pathlib import Path

from contract.atomic_write import write_atomically
from contract.opt_ml import MLFLOW_RUN_FOLDERS

EXPERIMENT, EXPERIMENT_NAME = "0", "Default"  # that of runs which name none
_RUNNING = 1
_STATUS = {"Completed": 3, "Failed": 4, "Stopped": 5}  # FINISHED, FAILED, KILLED
_LOCAL = 4  # the source type that the store itself writes
# Relative to whatever server serves the store, wherever that is then; a run has no files but these.
_ARTIFACTS = f"mlflow-artifacts:/{EXPERIMENT}"


class MlflowRun:
    """Writes a run's files; what is written is there at once. Its methods raise OSError. Times: seconds since 1970."""

    def __init__(self, store: Path, run_id: str, name: str, started: float, tags: Mapping[str, str]):
        """Make the run in `store`. run_id: 32 hex digits, as MLflow's own."""
        self._folder = store / EXPERIMENT / run_id
        for part in MLFLOW_RUN_FOLDERS:
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._run_id, self._name, self._started = run_id, name, started
        experiment = {
            "artifact_location": _ARTIFACTS,
            "creation_time": _milliseconds(started),
            "experiment_id": EXPERIMENT,
            "last_update_time": _milliseconds(started),
            "lifecycle_stage": "active",
            "name": EXPERIMENT_NAME,
        }
        _write_yaml(store / EXPERIMENT / "meta.yaml", experiment)
        self._write_meta(_RUNNING, None)
        for tag, value in {"mlflow.runName": name, **tags}.items():
            (self._folder / "tags" / tag).write_text(value, encoding="utf-8")

    def hyperparameters(self, values: Mapping[str, str]) -> None:
        """Once. names: letters, digits, hyphens."""
        for name, value in values.items():
            (self._folder / "params" / name).write_text(value, encoding="utf-8")

    def metrics(self, step: int, values: Mapping[str, float], when: float) -> None:
        for name, value in values.items():
            with (self._folder / "metrics" / name).open("a", encoding="utf-8") as file:
                file.write(f"{_milliseconds(when)} {value!r} {step}\n")

    def close(self, status: str, when: float) -> None:
        """status: of the run, as in its report."""
        self._write_meta(_STATUS[status], when)

    def _write_meta(self, status: int, ended: float | None) -> None:
        meta: dict[str, object] = {
            "artifact_uri": f"{_ARTIFACTS}/{self._run_id}/artifacts",
            "deleted_time": None,
            "end_time": None if ended is None else _milliseconds(ended),
            "entry_point_name": "",
            "experiment_id": EXPERIMENT,
            "lifecycle_stage": "active",
            "run_id": self._run_id,
            "run_name": self._name,
            "run_uuid": self._run_id,
            "source_name": "",
            "source_type": _LOCAL,
            "source_version": "",
            "start_time": _milliseconds(self._started),
            "status": status,
            "tags": [],
            "user_id": "",
        }
        _write_yaml(self._folder / "meta.yaml", meta)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _write_yaml(path: Path, values: Mapping[str, object]) -> None:
    """A mapping of numbers, texts and nulls: each as JSON, which YAML includes."""
    write_atomically(path, "".join(f"{name}: {json.dumps(value)}\n" for name, value in values.items()))
