"""A finding about a run's speed, and what the rules that make them look at."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST_STEPS = 10  # fewer say more about the start of a run than about its steps
FEWEST_POINTS = 20  # of a system metric, likewise
FEWEST_WORKERS_PERCENT = 70  # of the cores
WAITING_PERCENT = 20  # of the steps' time: from here on they wait for data


@dataclass(frozen=True)
class Facts:
    """What the rules must know of a run beside its times and metrics.

    workers: threads that make inputs; 0: one for each core. cores: those that the process may use. device: cpu or cuda.
    gpu_memory_used, gpu_memory_total: bytes, the largest that was used; 0 when not known. steps_from, steps_to: when
    the first step began and the last one ended, in the seconds of the system series: outside of them no GPU is expected
    to be busy.
    """

    batch_size: int
    workers: int
    cores: int
    device: str
    gpu_memory_used: int = 0
    gpu_memory_total: int = 0
    steps_from: float = 0.0
    steps_to: float = math.inf

    @property
    def worker_count(self) -> int:
        return self.workers or self.cores

    @property
    def has_few_workers(self) -> bool:
        """Whether more workers would find a core that is free."""
        return 100 * self.worker_count < FEWEST_WORKERS_PERCENT * self.cores


@dataclass(frozen=True)
class Finding:
    """A rule that fired. value and threshold have the same unit; sentence: what was seen; advice: what to change."""

    rule: str
    threshold: float
    value: float
    unit: str
    sentence: str
    advice: str


class SystemSeries:
    """System metrics while steps ran: for each metric an array by device, float64 [devices, points], NaN for None."""

    def __init__(self, series: dict[str, Any], start: float, end: float):
        seconds = np.array(series["seconds"], np.float64)
        inside = (seconds >= start) & (seconds <= end)
        self._values = {metric: np.array(values, np.float64)[inside] for metric, values in series["values"].items()}
        self._points = int(inside.sum())

    def of(self, dimension: str) -> np.ndarray:
        """float64 [devices, points]: the devices that have this metric in every point. [0, points] where there are too
        few points to judge.
        """
        rows = [
            values
            for metric, values in self._values.items()
            if metric.endswith(f"/{dimension}") and not np.isnan(values).any()
        ]
        if not rows or self._points < FEWEST_POINTS:
            return np.empty((0, self._points))
        return np.stack(rows)


def waiting_percent(summary: dict[str, Any]) -> float:
    """Share of the steps' time in which they waited for inputs, percent; 0 where there were too few steps to say."""
    if summary["steps"] < FEWEST_STEPS:
        return 0.0
    return 100 * summary["phases"].get("data", {"share": 0.0})["share"]


def counted(number: int, thing: str) -> str:
    """`1 core`, `2 cores`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
