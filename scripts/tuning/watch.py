"""Following a tuning job to its end: a live table of its trials on a terminal, a line for every change elsewhere."""

import sys
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.waits import minutes
from scripts.aws.clients import Aws
from scripts.aws.jobs import how_to_follow
from scripts.aws.waiting import answers
from scripts.console.failure import Failure, explain
from scripts.console.terminal import in_one_line, is_live
from scripts.tuning.job import Tuning, read_tuning
from scripts.tuning.table import heading, table, trial_line, worth_showing

if TYPE_CHECKING:
    from rich.console import Group


def watch_tuning(aws: Aws, name: str) -> Tuning:
    """Show the trials on stderr until the tuning job has ended; return it.

    Raises Failure when asking becomes impossible, as with credentials that have expired; the job goes on all the same.
    """
    show: _Live | _Lines = _Live() if is_live(sys.stderr) else _Lines()
    try:
        for passed, tuning in answers(lambda: read_tuning(aws, name)):
            show.show(tuning, passed)
            if tuning.has_ended:
                break
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {name} goes on all the same: {how_to_follow(name)}") from error
    finally:
        show.clear()  # the last table goes to stdout
    return tuning


class _Live:
    def __init__(self) -> None:
        from scripts.console.display import Display

        self._display = Display(sys.stderr)
        self._display.draw()

    def show(self, tuning: Tuning, passed: float) -> None:
        console = self._display.console
        room = console.height - 1
        most = min(room, len(tuning.trials))
        found = self._renderable(tuning, most)
        while most and (height := len(console.render_lines(found))) > room:
            most = min(most - 1, most * room // height)
            found = self._renderable(tuning, most)
        self._display.update(found)

    def clear(self) -> None:
        self._display.erase()

    def _renderable(self, tuning: Tuning, most: int) -> "Group":
        from rich.console import Group
        from rich.text import Text

        shown = worth_showing(tuning, most)
        left_out = len(tuning.trials) - len(shown)
        more = [Text(f"and {left_out} earlier ones")] if left_out else []
        return Group(Text(in_one_line(heading(tuning))), table(tuning, shown), *more)


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
