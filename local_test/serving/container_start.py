"""How containers come into service, several at once: all of them or none; and why one did not, or left it again, in the
form of a FailureReason.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from docker.errors import DockerException

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.host.error_words import start_refused

ENGINE_ERRORS = (DockerException, OSError)  # the SDK lets those of its HTTP client, which are OSErrors, through
Thing = TypeVar("Thing")
Result = TypeVar("Result")


class ServingFailed(RuntimeError):
    """The container did not come into service. reason: one sentence. last_lines: of its log, "" when there are none."""

    def __init__(self, reason: str, last_lines: str = ""):
        super().__init__(with_last_lines(reason, last_lines))
        self.reason, self.last_lines = reason, last_lines

    def of(self, whose: str) -> "ServingFailed":
        """The same, with a name before the sentence."""
        return type(self)(f"{whose}: {self.reason}", self.last_lines)


class StartCancelled(ServingFailed):
    """Its start was given up for something that happened elsewhere: no reason of its own."""


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


def at_once(work: Callable[[Thing], Result], things: Iterable[Thing]) -> list[Result]:
    """The results in the order of the things; each has a thread of its own. Raises what the first of them raises."""
    waiting = list(things)
    if not waiting:
        return []
    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(work, waiting))


def with_last_lines(reason: str, last_lines: str) -> str:
    """A FailureReason: the sentence and as much of the log's end as fits into 1024 characters."""
    if not last_lines:
        return reason[:FAILURE_REASON_CHARACTERS]
    start = f"{reason} Its last log lines:\n"
    return start + last_lines[-max(1, FAILURE_REASON_CHARACTERS - len(start)) :]


def how_it_ended(status: int, out_of_memory: bool) -> str:
    """The sentence about a container that ended by itself. status: of its exit."""
    if out_of_memory:
        return f"The container ran out of memory and ended with exit status {status}."
    return f"The container ended with exit status {status}."


def engine_refused(image: str, error: Exception) -> str:
    """The sentence about a container that the engine did not start."""
    return f"The engine could not start the container of {image}: {start_refused(error, 'an executable `serve`')}"
