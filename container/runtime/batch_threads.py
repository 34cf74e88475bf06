"""Threads that share the pictures of a batch: one-threaded operations side by side, each on a part of it.

An operation on one picture is too small for all cores, and torch leaves Python's lock to others while it computes.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


class BatchThreads:
    """count: how many; 0: one for each core."""

    def __init__(self, count: int = 0):
        count = count or len(os.sched_getaffinity(0))
        threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(count, initializer=_compute_alone)
        begun = threading.Barrier(count)
        list(self._pool.map(lambda _: begun.wait(), range(count)))
        torch.set_num_threads(threads)  # theirs has become the default of threads that begin later

    def run(self, work: Callable[[int, int], None], items: int, part: int) -> None:
        """work(start, stop) for parts of `part` that together are 0..items-1. Raises what one of them raised."""
        starts = range(0, items, part)
        for _ in self._pool.map(work, starts, [min(start + part, items) for start in starts]):
            pass


def _compute_alone() -> None:
    torch.set_num_threads(1)
    # at its first use a thread takes over the default, which others may have changed; then it keeps its own
    torch.get_num_threads()
