"""How often to ask a service for the state of something."""

import time
from typing import Callable, Iterator

SHORTEST, LONGEST = 0.5, 5.0  # seconds


def moments(clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> Iterator[float]:
    """Yield the seconds that have passed, 0 at once and then after ever longer pauses, for as long as one asks.

    A pause is a twentieth of what has passed, within 0.5 and 5 seconds: what is quick is noticed at once, and what takes
    an hour is not asked about 7,000 times.
    """
    started = clock()
    while True:
        passed = clock() - started
        yield passed
        sleep(min(LONGEST, max(SHORTEST, passed / 20)))
