"""Times of training steps: in which phase, in which steps, and what ran in parallel to them.

They are taken on the CPU's clock, or in the order of a GPU's work. A GPU works after Python has gone on: an event marks
a position in a stream, and the time between two of them can be read when the GPU has passed both:
https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
"""

import time
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

# data: waiting for the step's inputs.
PHASES = ("data", "host-to-device", "forward", "backward", "optimizer", "hook")
_PLACES = {phase: place for place, phase in enumerate(PHASES)}
# A step is an outlier when it took more than OUTLIER_TIMES the median and its modified z-score, 0.6745 (t - median) /
# MAD with the median absolute deviation MAD, is above 3.5:
# https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm
OUTLIER_TIMES = 3
OUTLIER_SCORE = 3.5


@dataclass(frozen=True)
class Outlier:
    """A step far slower than the median. number: from 1. phase: the one furthest above its own median, in seconds."""

    number: int
    seconds: float
    phase: str


class StepTimes:
    """The times of the phases of every step. A step lasts from the end of the step before, or from `begin`, to its own
    last mark.

    One thread calls everything but `beside`. On a GPU the phases are those of the GPU's work on the current stream:
    "data" is how long it had nothing to do because the inputs were not there. Steps that the GPU has not finished are
    not yet in the results. Memory: 28 bytes a step.
    """

    def __init__(self, device: torch.device):
        self._instants = instants_of(device)
        self._steps = array("f")  # seconds in all, float32 as all below
        self._phases = [array("f") for _ in PHASES]
        self._last: Any = None  # an instant, as `instants_of` makes them
        self._marks: list[tuple[int, Any]] = []
        self._unread: deque[Any] = deque()  # steps: (first instant, [(place, last instant), ...])
        self._beside_unread: deque[Any] = deque()  # (place, first instant, last instant)
        self._beside = [array("f") for _ in PHASES]
        self._evaluation_seconds = 0.0

    def begin(self) -> None:
        """Start the clock: before the first step of an epoch, since an evaluation before it belongs to no step."""
        self._last, self._marks = self._instants.now(), []

    def mark(self, phase: str) -> None:
        """End a phase, one of PHASES: its time is that since the last mark, or since `begin`."""
        self._marks.append((_PLACES[phase], self._instants.now()))

    def end_step(self) -> None:
        """End a step: the marks since the last call are its phases."""
        marks = self._marks
        if not marks:
            return
        self._unread.append((self._last, marks))
        self._last, self._marks = marks[-1][1], []
        self._read()

    @contextmanager
    def beside(self, phase: str) -> Iterator[None]:
        """A context for work in another thread, on its own stream: it is part of no step."""
        first = self._instants.now()
        yield
        self._beside_unread.append((_PLACES[phase], first, self._instants.now()))

    def evaluation(self, seconds: float) -> None:
        """Add the seconds of an evaluation."""
        self._evaluation_seconds += seconds

    def summary(self) -> dict[str, Any]:
        """Statistics of all steps. Times in seconds; share: of the time of all steps, 0 to 1. Without a step the
        numbers are 0, and phases is empty.

        {"steps": number, "steps_per_second": evaluations not counted, "step": {"p50", "p95", "max"}, "phases": {phase:
        {"mean", "p50", "p95", "share"}}, "beside": {phase: {"mean", "p50", "p95", "total"}}, "outliers": number,
        "evaluation_seconds": total}. A phase that took no time in any step is left out.
        """
        self._read()
        steps, phases = self._arrays()
        total = float(steps.sum())
        return {
            "steps": len(steps),
            "steps_per_second": len(steps) / total if total else 0.0,
            "step": {"p50": _percentile(steps, 50), "p95": _percentile(steps, 95), "max": float(steps.max(initial=0))},
            "phases": {
                phase: {**_middle(times), "share": float(times.sum()) / total}
                for phase, times in phases.items()
                if total and times.any()
            },
            "beside": {
                phase: {**_middle(times), "total": float(times.sum())}
                for phase, times in (
                    (phase, np.array(times, np.float64)) for phase, times in zip(PHASES, self._beside, strict=True)
                )
                if len(times)
            },
            "outliers": len(_outlier_places(steps)),
            "evaluation_seconds": self._evaluation_seconds,
        }

    def outliers(self, limit: int = 20) -> list[Outlier]:
        """The steps far slower than the median (OUTLIER_TIMES, OUTLIER_SCORE), at most `limit`, the slowest first."""
        self._read()
        steps, phases = self._arrays()
        places = _outlier_places(steps)
        slowest = places[np.argsort(-steps[places], kind="stable")][:limit]
        if not len(slowest):
            return []
        excess = np.stack([times[slowest] - np.median(times) for times in phases.values()])
        names = list(phases)
        return [
            Outlier(int(place) + 1, float(steps[place]), names[int(excess[:, number].argmax())])
            for number, place in enumerate(slowest)
        ]

    def series(self, points: int = 300) -> dict[str, Any]:
        """Means over the course of the run, in at most `points` parts.

        {"step": [...], "mean": [...], "max": [...], "phases": {phase: [...]}}. step: number of a part's first step,
        from 1. mean, max: seconds of its steps; phases: the means that add up to mean.
        """
        self._read()
        steps, phases = self._arrays()
        starts = np.unique(np.linspace(0, len(steps), min(points, len(steps)), endpoint=False, dtype=np.int64))
        if not len(starts):
            return {"step": [], "mean": [], "max": [], "phases": {}}
        sizes = np.diff(starts, append=len(steps))
        return {
            "step": (starts + 1).tolist(),
            "mean": (np.add.reduceat(steps, starts) / sizes).tolist(),
            "max": np.maximum.reduceat(steps, starts).tolist(),
            "phases": {
                phase: (np.add.reduceat(times, starts) / sizes).tolist()
                for phase, times in phases.items()
                if times.any()
            },
        }

    def _read(self) -> None:
        """Take in the times of finished steps, without waiting for the others."""
        instants = self._instants
        while self._unread and instants.passed(self._unread[0][1][-1][1]):
            first, marks = self._unread.popleft()
            times = [0.0] * len(PHASES)
            for place, instant in marks:
                times[place] += instants.seconds(first, instant)
                instants.give_back(first)  # the last one is the first of the next step
                first = instant
            for phase, seconds in zip(self._phases, times, strict=True):
                phase.append(seconds)
            self._steps.append(sum(times))
        while self._beside_unread and instants.passed(self._beside_unread[0][2]):
            place, first, last = self._beside_unread.popleft()
            self._beside[place].append(instants.seconds(first, last))
            instants.give_back(first)
            instants.give_back(last)

    def _arrays(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Seconds of each step, in all and by phase: float64 [steps]. Copies, since an array cannot grow while its
        memory is shared.
        """
        return np.array(self._steps, np.float64), {
            phase: np.array(times, np.float64) for phase, times in zip(PHASES, self._phases, strict=True)
        }


class CpuInstants:
    """Points in time on the CPU's clock: seconds of time.perf_counter."""

    now = staticmethod(time.perf_counter)

    def passed(self, instant: float) -> bool:
        return True

    def seconds(self, first: float, second: float) -> float:
        return second - first

    def give_back(self, instant: float) -> None:
        """Nothing to use again."""


class GpuInstants:
    """Events on the GPU's current stream, of which each thread has its own. They are reused, and never waited for."""

    def __init__(self, device: torch.device):
        self._device = device
        self._free: deque[torch.cuda.Event] = deque()  # threads may share it

    def now(self) -> torch.cuda.Event:
        try:
            event = self._free.pop()
        except IndexError:
            event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event

    def passed(self, instant: torch.cuda.Event) -> bool:
        return instant.query()

    def seconds(self, first: torch.cuda.Event, second: torch.cuda.Event) -> float:
        return first.elapsed_time(second) / 1000

    def give_back(self, instant: torch.cuda.Event) -> None:
        self._free.append(instant)


def instants_of(device: torch.device) -> CpuInstants | GpuInstants:
    """The clock of a device."""
    return GpuInstants(device) if device.type == "cuda" else CpuInstants()


def _percentile(times: np.ndarray, percent: float) -> float:
    return float(np.percentile(times, percent)) if len(times) else 0.0


def _middle(times: np.ndarray) -> dict[str, Any]:
    return {"mean": float(times.mean()), "p50": _percentile(times, 50), "p95": _percentile(times, 95)}


def _outlier_places(steps: np.ndarray) -> np.ndarray:
    if not len(steps):
        return np.zeros(0, np.int64)
    median = np.median(steps)
    deviation = np.median(np.abs(steps - median))
    return np.flatnonzero((steps > OUTLIER_TIMES * median) & (0.6745 * (steps - median) > OUTLIER_SCORE * deviation))
