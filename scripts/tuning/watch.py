"""Following a tuning job to its end: a live table of its trials on a terminal, a line for every change elsewhere."""

import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.clients import Aws
from scripts.aws.jobs import how_to_follow
from scripts.aws.waiting import answers, minutes
from scripts.console.failure import Failure, explain
from scripts.console.terminal import Redrawn
from scripts.tuning.job import Tuning, read_tuning
from scripts.tuning.table import heading, table, trial_line, worth_showing


def watch_tuning(aws: Aws, name: str) -> Tuning:
    """Show the trials on stderr until the tuning job has ended; return it.

    Raises Failure when asking becomes impossible, as with credentials that have expired; the job goes on all the same.
    """
    show: _Live | _Lines = _Live() if sys.stderr.isatty() else _Lines()

    def look() -> Tuning:
        try:
            return read_tuning(aws, name)
        except (ClientError, BotoCoreError):
            show.clear()  # a line about it follows, and the next table could not go back over that
            raise

    try:
        for passed, tuning in answers(look):
            show.show(tuning, passed)
            if tuning.has_ended:
                break
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {name} goes on all the same: {how_to_follow(name)}") from error
    show.clear()  # the last table goes to stdout
    return tuning


class _Live:
    def __init__(self) -> None:
        self._screen = Redrawn(sys.stderr)

    def show(self, tuning: Tuning, passed: float) -> None:
        shown = worth_showing(tuning, max(0, self._screen.rows() - 3))
        lines = [heading(tuning), *table(tuning, shown)]
        if left_out := len(tuning.trials) - len(shown):
            lines.append(f"and {left_out} earlier ones")
        self._screen.draw(lines)

    def clear(self) -> None:
        self._screen.clear()


class _Lines:
    def __init__(self) -> None:
        self._told: dict[str, tuple[Any, ...]] = {}

    def show(self, tuning: Tuning, passed: float) -> None:
        for trial in tuning.trials:
            # The service may tell the objective a while after the end.
            self._say(
                trial.name, (trial.status, trial.objective is None), f"[{minutes(passed)}] {trial_line(tuning, trial)}"
            )
        self._say(tuning.name, (tuning.status,), f"[{minutes(passed)}] {tuning.name} {tuning.status}")

    def _say(self, name: str, state: tuple[Any, ...], line: str) -> None:
        if self._told.get(name) != state:
            self._told[name] = state
            print(line, file=sys.stderr, flush=True)

    def clear(self) -> None:
        pass
