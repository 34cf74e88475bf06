"""The next step's inputs are made while the device works on this one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")


def prepared(make: Callable[[int], T], numbers: range, device: torch.device) -> Iterator[T]:
    """make(number) for each number, in order. On a GPU the next one is made in a thread meanwhile; raises what it raised.

    A CPU has no time to spare: there a second thread would only take cores away from the step.
    """
    if device.type != "cuda":
        yield from map(make, numbers)
        return
    with ThreadPoolExecutor(1) as thread:
        ahead = [thread.submit(make, number) for number in numbers[:1]]
        for number in numbers:
            current = ahead.pop()
            if number + 1 < numbers.stop:
                ahead.append(thread.submit(make, number + 1))
            yield current.result()
