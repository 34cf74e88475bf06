"""Points in time of a step: on the CPU's clock, or in the order of a GPU's work.

A GPU works after Python has gone on. An event marks a position in a stream, and the time between two of them can be
read when the GPU has passed both: https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
"""

import time
from collections import deque

import torch


class CpuInstants:
    """Seconds of time.perf_counter."""

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
