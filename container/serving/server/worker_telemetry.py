"""What PID 1 sees of a worker: how its work moves, and how much memory its GPU has left.

The work moves counters in memory that PID 1 looks at: a batch that hangs is seen from outside, whatever holds the
worker's interpreter. A message for each batch would wake PID 1 in the middle of the next one; a counter in shared
memory costs nothing.

The GPU's memory comes as a line from the worker, since PID 1 must not touch a GPU itself: a process that does cannot
fork others that do.
"""

import itertools
import mmap
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

THREADS = 2  # that compute batches in one worker at most (container/serving/server/worker.py)
MOST_SECONDS_A_LOOK = 1.0  # that one look may add: a container that was paused has not worked meanwhile
GPU_SECONDS = 10  # between two looks at a GPU's memory
_GPU = "gpu"  # begins a line on it


class Progress:
    """To be made before the fork. A counter for each computing thread: odd while it has a batch, and another number
    after each step.
    """

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self._own = threading.local()
        self._numbers = itertools.count()

    def during(self, answer: Callable[[Sequence[Any]], None]) -> Callable[[Sequence[Any]], None]:
        """`answer`, with its beginning and its end told. To be called by THREADS threads at most."""

        def answered(batch: Sequence[Any]) -> None:
            if not hasattr(self._own, "number"):
                self._own.number = next(self._numbers)
            self._counts[self._own.number] += 1
            try:
                answer(batch)
            finally:
                self._counts[self._own.number] += 1

        return answered

    def step(self) -> None:
        """A part of the batch is done. Nothing where the thread has no batch."""
        if hasattr(self._own, "number"):
            self._counts[self._own.number] += 2

    def read(self) -> tuple[int, ...]:
        return tuple(self._counts[number] for number in range(THREADS))


class Stall:
    """Whether a batch has not moved for `limit` seconds, of looks at its progress that follow each other."""

    def __init__(self, read: Callable[[], tuple[int, ...]], limit: float):
        self._read, self._limit = read, limit
        self._seen: tuple[int, ...] = (0,) * THREADS
        self._seconds = [0.0] * THREADS

    def look(self, passed: float) -> bool:
        """passed: seconds since the last look."""
        counts = self._read()
        for number, count in enumerate(counts):
            still = count % 2 == 1 and count == self._seen[number]
            self._seconds[number] = self._seconds[number] + min(passed, MOST_SECONDS_A_LOOK) if still else 0.0
        self._seen = counts
        return max(self._seconds) >= self._limit


def tell_gpu_memory(gpu: int, report: Callable[[str], None]) -> None:
    """Report it now and then, for as long as the GPU answers: a worker whose GPU does not is ended elsewhere."""
    while True:
        try:
            line = gpu_line(gpu)
        except RuntimeError:  # of CUDA
            return
        if line:
            report(line)
        time.sleep(GPU_SECONDS)


def gpu_line(gpu: int) -> str | None:
    """None where the model is on no GPU: to look would take some of its memory. gpu: its number in the container."""
    if not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    return f"{_GPU} {gpu} {total - free} {total}"


def read_gpu_line(line: bytes) -> tuple[int, tuple[int, int]] | None:
    """Number of the GPU, and bytes of its memory that are taken and in all; None for a line about something else."""
    word, *values = line.decode().split()
    if word != _GPU:
        return None
    gpu, used, total = map(int, values)
    return gpu, (used, total)
