"""Waits and progress on stderr: on a terminal a line at its foot that moves, elsewhere a few lines."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from contract import waits
from scripts.console.terminal import is_live

if TYPE_CHECKING:
    from scripts.console.display import Display


_started: set["Wait | Progress"] = set()


def is_waiting() -> bool:
    """Whether a wait or a progress of this program is under way."""
    return bool(_started)


def stop_waits() -> None:
    """Those that an interruption has left under way."""
    for one in list(_started):
        one.stop(failed=True)


class Wait(waits.Wait):
    """`with Wait("the endpoint dogbreed") as wait: wait.says("dogbreed: Creating")`."""

    def __init__(self, what: str, is_told: bool = False):
        """is_told: the caller prints lines of its own about it; elsewhere than on a terminal these are enough."""
        super().__init__(what)
        self._shown, self._is_told = what, is_told
        self._display: Display | None = None

    def start(self) -> None:
        _started.add(self)
        super().start()

    def stop(self, failed: bool) -> None:
        _started.discard(self)
        super().stop(failed)

    def says(self, what: str) -> None:
        """Change what the terminal's line says."""
        self._shown = what

    def begin(self) -> None:
        if is_live(self.stream):
            from scripts.console.display import Display, WaitLine

            self._display = Display(self.stream, WaitLine(lambda: (self._shown, self.seconds)))
            self._display.draw()
        elif not self._is_told:
            super().begin()

    def end(self, failed: bool) -> None:
        if self._display:
            self._display.erase()
        elif not self._is_told:
            super().end(failed)


class Progress:
    """How many of `total` are done: a bar on a terminal, one line for every tenth of many elsewhere.

    `with Progress(8351, "files sent") as progress: progress.step()`"""

    def __init__(self, total: int, done: str, stream: TextIO | None = None):
        self._total, self._done, self._count, self._shown = total, done, 0, 0
        self._stream, self._started = stream or sys.stderr, time.monotonic()
        self._display: Display | None = None

    def __enter__(self) -> Self:
        _started.add(self)
        if self._total and is_live(self._stream):
            from scripts.console.display import Display, ProgressLine

            line = ProgressLine(lambda: (self._count, self._total, self._words(), time.monotonic() - self._started))
            self._display = Display(self._stream, line)
            self._display.draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop(failed=error is not None)

    def stop(self, failed: bool) -> None:
        _started.discard(self)
        if self._display:
            self._display.erase()

    def step(self) -> None:
        self.reach(self._count + 1)

    def reach(self, count: int) -> None:
        """So many are done."""
        if count == self._count:
            return
        self._count = count
        if self._display:
            return  # it draws itself
        parts = 10 if self._total >= 100 else 1
        share = parts * count // max(1, self._total)
        if share != self._shown or count == self._total:
            self._shown = share
            print(self._words(), file=self._stream, flush=True)

    def _words(self) -> str:
        return f"{self._count:,} of {self._total:,} {self._done}"
