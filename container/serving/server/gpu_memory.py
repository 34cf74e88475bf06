"""How much memory a worker's GPU has left, as a line from the worker to PID 1, which must not touch a GPU itself: a
process that does cannot fork others that do.
"""

import time
from collections.abc import Callable

import torch

SECONDS = 10  # between two looks
_WORD = "gpu"


def tell_gpu_memory(gpu: int, report: Callable[[str], None]) -> None:
    """Report it now and then, for as long as the GPU answers: a worker whose GPU does not is ended elsewhere."""
    while True:
        try:
            line = gpu_line(gpu)
        except RuntimeError:  # of CUDA
            return
        if line:
            report(line)
        time.sleep(SECONDS)


def gpu_line(gpu: int) -> str | None:
    """None where the model is on no GPU: to look would take some of its memory. gpu: its number in the container."""
    if not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    return f"{_WORD} {gpu} {total - free} {total}"


def read_gpu_line(line: bytes) -> tuple[int, tuple[int, int]] | None:
    """Number of the GPU, and bytes of its memory that are taken and in all; None for a line about something else."""
    word, *values = line.decode().split()
    if word != _WORD:
        return None
    gpu, used, total = map(int, values)
    return gpu, (used, total)
