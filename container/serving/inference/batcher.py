"""Dynamic batching: whatever waits while a batch is computed is the next one.

A request that finds the worker idle is computed at once, so a single client never waits for others; under load batches
fill by themselves, since requests arrive while the one before is computed. A delay is for GPUs that are fast enough to
be idle between two requests of many clients: it is waited only when there are several."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition

from container.serving.request.invocation import Invocation


class Batcher:
    """size: invocations in a batch at most. delay: seconds that an incomplete batch waits for more."""

    def __init__(self, answer: Callable[[Sequence[Invocation]], None], size: int, delay: float):
        self._answer, self._size, self._delay = answer, size, delay
        self._waiting: deque[Invocation] = deque()
        self._arrival = Condition()
        self._several = False  # whether the last batch held more than one invocation

    def submit(self, invocation: Invocation) -> None:
        """Returns at once; `invocation.done` is set when it is answered."""
        with self._arrival:
            self._waiting.append(invocation)
            self._arrival.notify()

    def run(self) -> None:
        """Answer batches for ever. Several threads may do so."""
        while True:
            self.run_once()

    def run_once(self) -> None:
        batch = self._next_batch()
        try:
            self._answer(batch)
        finally:
            for invocation in batch:
                invocation.done.set()

    def _next_batch(self) -> list[Invocation]:
        with self._arrival:
            while not self._waiting:
                self._arrival.wait()
            if self._delay and (self._several or len(self._waiting) > 1):
                deadline = time.monotonic() + self._delay
                while len(self._waiting) < self._size and (left := deadline - time.monotonic()) > 0:
                    self._arrival.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(self._size, len(self._waiting)))]
            self._several = len(batch) > 1
            return batch
