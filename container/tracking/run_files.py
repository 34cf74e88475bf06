"""A run's files for TensorBoard and for MLflow, written as the run goes on."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from container.tracking.event_file import EventFile
from container.tracking.mlflow_run import MlflowRun
from contract.opt_ml import MLFLOW, TENSORBOARD


class RunFiles:
    """Both, in a run's output folder. A file that cannot be written costs the rest of the files, and never the run."""

    def __init__(
        self,
        folder: Path,
        *,
        job: str,
        run_id: str,
        host: str,
        hyperparameters: Mapping[str, str],
        events: Path | None = None,
    ):
        """Make the files.

        Args:
            folder: the run's output, which SageMaker packs into output.tar.gz.
            job: the training job's name; empty for a run by hand.
            run_id: 32 hex digits, the same for the same job.
            host: a name for the event file.
            hyperparameters: every one, as text.
            events: a folder for the event file in the place of one in `folder`.
        """
        self._events: EventFile | None = None
        self._mlflow: MlflowRun | None = None
        started = time.time()

        def make() -> None:
            self._events = EventFile(events or folder / TENSORBOARD, host, started)
            self._events.hyperparameters(hyperparameters, started)
            tags = {"sagemaker.training_job": job} if job else {}
            self._mlflow = MlflowRun(folder / MLFLOW, run_id, job or f"run of {host}", started, tags)
            self._mlflow.hyperparameters(hyperparameters)

        self._try(make)

    def figures(self, step: int, values: Mapping[str, float | None]) -> None:
        """What was measured after so many steps, or epochs; a value that is None was not."""
        known = {name: value for name, value in values.items() if value is not None}

        def write() -> None:
            now = time.time()
            if self._events:
                self._events.scalars(step, known, now)
            if self._mlflow:
                self._mlflow.metrics(step, known, now)

        if known:
            self._try(write)

    def close(self, status: str) -> None:
        """status: Completed, Stopped or Failed."""

        def write() -> None:
            now = time.time()
            if self._events:
                self._events.close(status, now)
            if self._mlflow:
                self._mlflow.close(status, now)

        self._try(write)
        self._events = self._mlflow = None

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except OSError as error:
            self._events = self._mlflow = None
            print(
                f"warning: no more figures are written for TensorBoard and MLflow, and training continues: {error}",
                file=sys.stderr,
            )
