"""Polling: how often a service is asked for a state, and when that is given up."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from scripts.console.failure import explain, passes

SHORTEST, LONGEST = 0.5, 5.0  # seconds
LONGEST_TROUBLE = 900.0  # seconds without one answer

Answer = TypeVar("Answer")


def moments(
    clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[float]:
    """Yield the seconds that have passed, 0 at once and then after ever longer pauses, for as long as one asks.

    A pause is a twentieth of what has passed, within 0.5 and 5 seconds: what is quick is noticed at once, and what
    takes an hour is not asked about 7,000 times."""
    started = clock()
    while True:
        passed = clock() - started
        yield passed
        sleep(min(LONGEST, max(SHORTEST, passed / 20)))


def answers(ask: Callable[[], Answer], when: Iterator[float] | None = None) -> Iterator[tuple[float, Answer]]:
    """Yield the seconds that have passed and what `ask` returns, for as long as one asks. when: by default `moments()`.

    A network that is cut and a service that throttles do not end a wait of hours: they are told once on stderr, and
    raised only when nothing else has come for LONGEST_TROUBLE. Whatever else `ask` raises is raised at once."""
    trouble = None
    for passed in when or moments():
        try:
            answer = ask()
        except (ClientError, BotoCoreError) as error:
            if not passes(error) or (trouble is not None and passed - trouble > LONGEST_TROUBLE):
                raise
            if trouble is None:
                trouble = passed
                print(f"no answer for now, asking again: {explain(error)}", file=sys.stderr, flush=True)
            continue
        trouble = None
        yield passed, answer
