"""A trial: one training job of a tuning job, as the search sees it."""

from dataclasses import dataclass, field


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
