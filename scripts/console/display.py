"""What rich draws: its console for a stream, and something at the foot of the terminal that is drawn anew.

Imported where a terminal is there to draw on: rich takes a tenth of a second, which a program in a pipe need not wait.
"""

from collections.abc import Callable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from contract.waits import minutes
from scripts.console.terminal import FOOT, in_one_line, obeying

DRAWN_A_SECOND = 5
NARROWEST_BAR, WIDEST_BAR = 10, 40  # columns


def console_of(stream: TextIO) -> Console:
    """stream: one that `is_live`. Text is taken as it is: no markup, no emoji codes, nothing highlighted."""
    return Console(file=obeying(stream), force_terminal=True, markup=False, emoji=False, highlight=False)


class Display:
    """A renderable at the foot of a terminal, from `draw` to `erase`; lines that are printed meanwhile go above it."""

    def __init__(self, stream: TextIO, renderable: RenderableType = ""):
        self.console = console_of(stream)
        self._renderable = renderable
        self._live: Live | None = None

    def draw(self) -> None:
        FOOT.draw(self)

    def erase(self) -> None:
        FOOT.erase(self)

    def update(self, renderable: RenderableType) -> None:
        self._renderable = renderable
        if self._live:
            self._live.update(renderable, refresh=True)

    def show(self) -> None:
        if self._live:
            return
        # A new one each time: one that is started again would go back over the lines that were printed since.
        self._live = Live(
            self._renderable,
            console=self.console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=DRAWN_A_SECOND,
        )
        self._live.start(refresh=True)

    def hide(self) -> None:
        if self._live:
            self._live.update("", refresh=True)  # `stop` draws once more, also what had no room
            self._live.stop()
            self._live = None


class WaitLine:
    """`⠋ the endpoint dogbreed  0:12`, in one line. said: what is waited for, and for how many seconds by now."""

    def __init__(self, said: Callable[[], tuple[str, float]]):
        self._said = said
        self._spinner: Spinner | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        signs = console.encoding.startswith("utf")
        self._spinner = self._spinner or Spinner("dots" if signs else "line")
        what, seconds = self._said()
        passed = minutes(seconds)
        text = Text(in_one_line(what))
        text.truncate(max(1, options.max_width - len(passed) - 5), overflow="ellipsis" if signs else "crop")
        row = Table.grid(padding=(0, 1, 0, 0))
        row.add_row(self._spinner, text, f" {passed}")
        yield row


class ProgressLine:
    """A bar where there is room, `4,000 of 8,351 files sent`, and the time. said: done, total, the words, seconds."""

    def __init__(self, said: Callable[[], tuple[int, int, str, float]]):
        self._said = said

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        done, total, words, seconds = self._said()
        text, passed = Text(words), minutes(seconds)
        room = options.max_width - len(words) - len(passed) - 5
        row = Table.grid(padding=(0, 2, 0, 0))
        if room < NARROWEST_BAR:
            text.truncate(max(1, options.max_width - len(passed) - 3))
            row.add_row(text, passed)
        else:
            row.add_row(ProgressBar(total, done, width=min(room, WIDEST_BAR)), text, passed)
        yield row
