"""Prefetching: the next step's inputs are made while the device works on this step."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
IN_FLIGHT = 2  # steps that a GPU may have before it: enough to keep it busy, and no more inputs in its memory than that


def prepared(
    make: Callable[[int], tuple[torch.Tensor, ...]], numbers: range, device: torch.device
) -> Iterator[tuple[torch.Tensor, ...]]:
    """make(number) for each number, in order; raises what it raised.

    For a GPU the next inputs are made meanwhile, in a thread and on a stream of their own
    (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-streams). On a CPU a second thread would only take cores
    away from the step.

    Args:
        make: returns the tensors of a step, on the device.
        numbers: of the steps.
        device: that computes the steps.
    """
    if device.type == "cuda":
        yield from _prepared_beside(make, numbers, device)
    else:
        yield from map(make, numbers)


def prefetch(make: Callable[[int], T], numbers: range) -> Iterator[T]:
    """make(number) for each number, in order, the next one in a thread while the caller has this one; raises what it
    raised.
    """
    with ThreadPoolExecutor(1) as thread:
        ahead = [thread.submit(make, number) for number in numbers[:1]]
        for place in range(len(numbers)):
            current = ahead.pop()
            ahead += [thread.submit(make, number) for number in numbers[place + 1 : place + 2]]
            yield current.result()


def _prepared_beside(
    make: Callable[[int], tuple[torch.Tensor, ...]], numbers: range, device: torch.device
) -> Iterator[tuple[torch.Tensor, ...]]:
    steps, beside = torch.cuda.current_stream(device), torch.cuda.Stream(device)

    def make_beside(number: int) -> tuple[tuple[torch.Tensor, ...], torch.cuda.Event]:
        with torch.cuda.stream(beside):
            return make(number), beside.record_event()

    in_flight: deque[torch.cuda.Event] = deque()
    for tensors, made in prefetch(make_beside, numbers):
        if len(in_flight) == IN_FLIGHT:
            in_flight.popleft().synchronize()
        steps.wait_event(made)
        for tensor in tensors:
            # Its memory is the other stream's, which must not use it again before the step has.
            tensor.record_stream(steps)
        yield tensors
        in_flight.append(steps.record_event(torch.cuda.Event(blocking=True)))
