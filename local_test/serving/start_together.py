"""Work on several containers at once: starts of which all succeed or none does, and ends."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from local_test.serving.serving_failure import StartCancelled

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def at_once(work: Callable[[Thing], Result], things: Iterable[Thing]) -> list[Result]:
    """The results in the order of the things; each has a thread of its own. Raises what the first of them raises."""
    waiting = list(things)
    if not waiting:
        return []
    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(work, waiting))


def start_all(
    start: Callable[[Thing], Result],
    things: Iterable[Thing],
    stop: Callable[[Result], None],
    cancelled: threading.Event,
) -> list[Result]:
    """What each thing starts, in their order, or none of it.

    The first failure sets `cancelled`, so that the others do not start in vain, and is raised when what had started
    has been stopped. A start that was cancelled is raised only when nothing else has failed.
    """
    failures: list[BaseException] = []

    def started(thing: Thing) -> Result | None:
        try:
            return start(thing)
        except BaseException as error:
            failures.append(error)
            cancelled.set()
            return None

    results = [one for one in at_once(started, things) if one is not None]
    if failures:
        at_once(stop, results)
        raise next((one for one in failures if not isinstance(one, StartCancelled)), failures[0])
    return results
