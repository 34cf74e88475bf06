"""Questions whose answers a program can do without: asked side by side, and not waited for beyond a deadline."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any


def answers_within(
    seconds: float, questions: Mapping[str, Callable[[], Any]], unanswered: tuple[type[Exception], ...]
) -> dict[str, Any]:
    """The answers that came within the time, by the names of their questions.

    Args:
        seconds: for all of them together. Their threads are daemons and go on: what one of them writes down serves the
            next program.
        questions: functions that use clients which are made already.
        unanswered: what a question raises that gets no answer. Anything else that it raises is raised here.
    """
    found: dict[str, Any] = {}
    raised: list[Exception] = []

    def ask(name: str, question: Callable[[], Any]) -> None:
        try:
            found[name] = question()
        except unanswered:
            pass
        except Exception as error:  # a fault of ours, which must not look like silence
            raised.append(error)

    threads = [threading.Thread(target=ask, args=one, daemon=True) for one in questions.items()]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if raised:
        raise raised[0]
    return dict(found)
