"""Terminals for tests: one of this machine's kernel, and what a person sees on it."""

import codecs
import fcntl
import os
import re
import select
import struct
import termios
from collections.abc import Callable

# Colours, whether the cursor is seen; so many lines up; erase a line.
_SEQUENCE = re.compile(r"(\x1b\[[?0-9;]*[A-Za-z]|\r|\n)")


class Screen:
    """Obeys the few sequences that rich sends. What is above the first line is kept: there is no scrolling away."""

    def __init__(self):
        self._lines, self._row, self._column, self._rest = [""], 0, 0, ""

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._lines)

    def feed(self, text: str) -> None:
        text = self._rest + text
        cut = re.search(r"\x1b(\[[?0-9;]*)?$", text)
        self._rest = cut[0] if cut else ""
        for part in _SEQUENCE.split(text[: len(text) - len(self._rest)]):
            if part == "\r":
                self._column = 0
            elif part == "\n":
                self._row += 1
                self._lines += [""] * (self._row - len(self._lines) + 1)
            elif part.endswith("A") and part.startswith("\x1b"):
                self._row -= int(part[2:-1] or 1)
            elif part == "\x1b[2K":
                self._lines[self._row] = ""
            elif part.startswith("\x1b"):
                assert part[-1] in "mhl", f"{part!r} is a sequence that this screen does not know"
            else:
                line = self._lines[self._row].ljust(self._column)
                self._lines[self._row] = line[: self._column] + part + line[self._column + len(part) :]
                self._column += len(part)


class Terminal:
    """stream: what a program writes to. screen: what has come of it."""

    def __init__(self, lines: int, columns: int):
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.stream = os.fdopen(theirs, "w", encoding="utf-8")
        self.screen = Screen()
        self.came = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def shows(self, wanted: Callable[[str], bool]) -> str:
        """What is on the screen once `wanted` holds of it; fails the test when that does not come within a minute: the
        kernel hands it over in pieces.
        """
        while not wanted(self.screen.text):
            assert select.select([self._ours], [], [], 60)[0], self.screen.text
            text = self._decoder.decode(os.read(self._ours, 65_536))
            self.came += text
            self.screen.feed(text)
        return self.screen.text

    @property
    def shows_the_cursor(self) -> bool:
        return self.came.count("\x1b[?25l") == self.came.count("\x1b[?25h")

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)
