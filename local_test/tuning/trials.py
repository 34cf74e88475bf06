"""The trials of a tuning job, each one training job: as the search sees them (pure functions of their records and of
the objective), and as the service keeps them on disk, beside the records of their training jobs.
"""

import threading
from dataclasses import dataclass, field
from typing import Any

from local_test.host.state import State
from local_test.training.job_ending import KILLED

# What is kept of a training job when it ends: the job itself may then be deleted, and its name be used again.
OF_TRAINING_JOB = (
    "TrainingJobArn",
    "TrainingJobStatus",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "FailureReason",
)


@dataclass(frozen=True)
class Trial:
    """number: from 1, in the order of creation. hyperparameters: the tuned ones, as the strings that the program got.

    values: the objective's values in the order in which the program printed them, one an epoch. status: as of a
    training job."""

    number: int
    hyperparameters: dict[str, str]
    status: str  # InProgress, Stopping, Completed, Stopped, Failed
    values: tuple[float, ...] = field(default=())

    @property
    def objective(self) -> float | None:
        """The final objective metric: the last value that was printed. A failed trial has none."""
        return self.values[-1] if self.values and self.status != "Failed" else None

    @property
    def has_ended(self) -> bool:
        return self.status in ("Completed", "Stopped", "Failed")


def as_trial(record: dict[str, Any]) -> Trial:
    """A trial's record -> what decisions are made from."""
    return Trial(record["Number"], record["TunedHyperParameters"], record["TrainingJobStatus"], tuple(record["Values"]))


def was_lost(record: dict[str, Any]) -> bool:
    """Whether the trial failed because the service ended while it ran."""
    return record.get("FailureReason") == KILLED


def maximises(config: dict[str, Any]) -> bool:
    """config: HyperParameterTuningJobConfig. Whether a higher value of the objective is a better one."""
    return config["HyperParameterTuningJobObjective"]["Type"] == "Maximize"


def is_better(value: float, than: float, maximise: bool) -> bool:
    return value > than if maximise else value < than


class TrialRecords:
    """Number, TrainingJobName, TunedHyperParameters and Values of each trial. Safe to use from many threads."""

    def __init__(self, state: State):
        self._records, self._training_jobs = state.records("tuning-trial"), state.records("training-job")
        self._lock = threading.Lock()

    def create(
        self, tuning_job: str, number: int, hyperparameters: dict[str, str], training_job: dict[str, Any]
    ) -> None:
        """Written down before the training job is there: a trial that was killed in between is forgotten by `settle`.

        training_job: its TrainingJobName and other fields of OF_TRAINING_JOB.
        """
        self._records.create(
            _key(tuning_job, number),
            {"Number": number, "TunedHyperParameters": hyperparameters, "Values": [], **training_job},
        )

    def add_values(self, tuning_job: str, number: int, values: list[float]) -> None:
        """The objective's next values, on disk before the end of the job can be."""
        key = _key(tuning_job, number)
        with self._lock:
            self._records.update(key, Values=self._records[key]["Values"] + values)

    def forget_values(self, tuning_job: str, number: int) -> None:
        """The training job begins anew."""
        with self._lock:
            self._records.update(_key(tuning_job, number), Values=[])

    def store_end(self, tuning_job: str, number: int, job: dict[str, Any]) -> None:
        """job: the record of the trial's training job, which has ended."""
        self._records.update(
            _key(tuning_job, number), Ended={field: job[field] for field in OF_TRAINING_JOB if field in job}
        )

    def of(self, tuning_job: str) -> list[dict[str, Any]]:
        """A tuning job's trials by number, each with the fields of OF_TRAINING_JOB as they are now."""
        trials = [record for key in self._keys(tuning_job) if (record := self._records.get(key))]
        for trial in trials:
            job = trial.pop("Ended", None) or self._training_jobs.get(trial["TrainingJobName"]) or {}
            trial |= {field: job[field] for field in OF_TRAINING_JOB if field in job}
        return sorted(trials, key=lambda trial: trial["Number"])

    def settle(self, tuning_job: str) -> None:
        """After a start of the service, when no training job runs: a trial has ended, or has never begun."""
        for key in self._keys(tuning_job):
            record = self._records[key]
            if "Ended" not in record:
                if job := self._training_jobs.get(record["TrainingJobName"]):
                    self.store_end(tuning_job, record["Number"], job)
                else:
                    self._records.delete(key)

    def forget(self, tuning_job: str, number: int | None = None) -> None:
        """One trial, or all."""
        for key in self._keys(tuning_job) if number is None else [_key(tuning_job, number)]:
            self._records.delete(key)

    def _keys(self, tuning_job: str) -> list[str]:
        return [key for key in self._records.names() if key.startswith(f"{tuning_job}/")]


def _key(tuning_job: str, number: int) -> str:
    return f"{tuning_job}/{number}"
