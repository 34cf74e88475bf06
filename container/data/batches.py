"""The batches of a training loop: which examples, in which random order and view, made ahead of their step.

A data set is `Examples`: pictures for a whole model, or features for a head alone. What is random in a step follows
from the seed and the step's number alone (`seed_for`). So a step may be prepared before its turn, in another thread or
on another machine, and a run that was interrupted goes on with the very pictures that it would have had.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import torch

T = TypeVar("T")
IN_FLIGHT = 2  # steps that a GPU may have before it: enough to keep it busy, and no more inputs in its memory than that


class Examples(Protocol):
    """The examples of a split. What a model is given is float32, on `device`, one row for each example.

    labels: int64 [n], on the CPU.
    """

    labels: torch.Tensor

    def training_inputs(
        self,
        rows: torch.Tensor,
        epoch: int,
        random: torch.Generator,
        device: torch.device,
        part: tuple[int, int] | None = None,
    ) -> torch.Tensor:
        """Augmented views of examples. An example's view is the same whatever part it is in.

        Args:
            rows: int64 [b], the examples of a whole step.
            epoch: from 1.
            random: decides on the augmentation.
            device: of the result.
            part: (start, stop), for the examples rows[start:stop] alone; None for all.
        """

    def evaluation_inputs(self, start: int, stop: int, device: torch.device) -> torch.Tensor:
        """The examples start..stop-1 as the endpoint would prepare them, on `device`."""


def shuffled_batches(count: int, batch_size: int, random: torch.Generator, processes: int = 1) -> list[torch.Tensor]:
    """Positions 0..count-1 in random order, in full batches; what is left over comes another epoch.

    A data set smaller than a batch is one batch, of as many as the processes can share equally.
    """
    order = torch.randperm(count, generator=random)
    if count < batch_size:
        return [order[: count - count % processes]]
    return [order[start : start + batch_size] for start in range(0, count - batch_size + 1, batch_size)]


def seed_for(seed: int, *place: int) -> int:
    """A seed of its own, 32 bits, for a place such as (epoch, step)."""
    text = " ".join(str(number) for number in (seed, *place))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def random_for(seed: int, *place: int) -> torch.Generator:
    """A generator of its own for a place."""
    return torch.Generator().manual_seed(seed_for(seed, *place))


def prepared(
    make: Callable[[int], tuple[torch.Tensor, ...]], numbers: range, device: torch.device
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Prefetching: make(number) for each number, in order; raises what it raised.

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
