"""A trial, one training job of a tuning job, as the search sees it. Pure functions of records and of the objective."""

from dataclasses import dataclass, field
from typing import Any

from local_test.training.job_ending import KILLED


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
