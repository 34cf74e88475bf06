"""Runs in the train image: small trainings side by side, a core for each; their steps gain little from a second one."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

import torch


def one_core_each(work: Callable, runs: Iterable[tuple]) -> Iterator:
    """What work(*run) returns for each of the runs, in their order."""
    with ProcessPoolExecutor(
        len(os.sched_getaffinity(0)), multiprocessing.get_context("spawn"), torch.set_num_threads, (1,)
    ) as pool:
        yield from pool.map(work, *zip(*runs, strict=True))
