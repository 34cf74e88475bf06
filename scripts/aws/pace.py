"""How many requests are under way at once: fewer while a service asks for less, more again as it answers.

S3 answers 503 SlowDown until it has made room for a new prefix, which takes minutes; sending as before prolongs it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
"""

import random
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.waiting import LONGEST_TROUBLE
from scripts.console.failure import passes, reason

SHORTEST, LONGEST = 0.5, 20.0  # seconds between two attempts of one request, beyond those of botocore

Answer = TypeVar("Answer")


class Pace:
    """Makes requests, in the threads of whoever asks, at most `most` at a time.

    A request that meets throttling, a fault of the service or of the network is made again after a pause, and from then
    on half as many are under way; each answer lets a little more through (additive increase, multiplicative decrease).
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic):
        self._most, self._clock = most, clock
        self._allowed = float(most)
        self._under_way = 0
        self._changed = threading.Condition()
        self._last_decrease = clock()
        self._trouble_since: float | None = None
        self._told = False
        self._given_up: Exception | None = None
        self._is_over = threading.Event()  # when it has given up: nobody pauses any longer

    @property
    def allowed(self) -> int:
        """How many requests may be under way now."""
        return max(1, int(self._allowed))

    def call(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` returns. Raises what it raises when that does not pass, or when no request at all has been
        answered for LONGEST_TROUBLE; after that every call raises the same.
        """
        pause = SHORTEST
        while True:
            began = self._begin()
            try:
                answer = ask()
            except (ClientError, BotoCoreError) as error:
                self._end()
                if not passes(error) or not self._slow_down(began, error):
                    self._give_up(error)
                    raise
            except BaseException:
                self._end()
                raise
            else:
                self._end()
                self._speed_up()
                return answer
            self._is_over.wait(pause * random.uniform(0.5, 1))  # or all that failed together would come together again
            pause = min(LONGEST, 2 * pause)

    def _begin(self) -> float:
        with self._changed:
            self._changed.wait_for(lambda: self._given_up or self._under_way < self.allowed)
            if self._given_up:
                raise self._given_up
            self._under_way += 1
            return self._clock()

    def _end(self) -> None:
        with self._changed:
            self._under_way -= 1
            self._changed.notify()

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            self._given_up = error
            self._is_over.set()
            self._changed.notify_all()

    def _slow_down(self, began: float, error: Exception) -> bool:
        """Whether to go on. What was under way together counts once, and the first trouble alone is told."""
        with self._changed:
            now = self._clock()
            if self._trouble_since is None:
                self._trouble_since = now
            if now - self._trouble_since > LONGEST_TROUBLE:
                return False
            if began >= self._last_decrease:
                self._allowed, self._last_decrease = max(1.0, self._allowed / 2), now
            if not self._told:
                self._told = True
                print(f"going on more slowly: {reason(error)}", file=sys.stderr, flush=True)
            return True

    def _speed_up(self) -> None:
        with self._changed:
            self._trouble_since = None
            self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
            self._changed.notify()
