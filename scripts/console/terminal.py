"""Terminal output: control characters in text from elsewhere are made visible, lines are redrawn in place, progress is
counted.

A log line, a label or a reason that holds an escape sequence could move the cursor, hide what is above, or have the
terminal type something. https://unicode.org/reports/tr9/ has the characters that change the direction in which a line
is read."""

import os
import sys
from typing import Any, TextIO

_CONTROL = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\t"), ord("\n")}
_DIRECTION = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_LINE_ENDS = {0x2028, 0x2029}
_SURROGATES = set(range(0xD800, 0xE000))  # how Python stands in for bytes that are not UTF-8, which no stream takes
_SHOWN = {
    code: f"\\x{code:02x}" if code < 0x7F else f"\\u{code:04x}"
    for code in _CONTROL | _DIRECTION | _LINE_ENDS | _SURROGATES
} | {ord("\r"): "\\r"}
_UNTOLD = os.terminal_size((80, 24))  # where a terminal does not tell its size, or tells 0


def printable(text: str) -> str:
    """The text with every character that a terminal would obey in its written form, as `\\x1b`; tabs and ends of lines
    stay.
    """
    return text.translate(_SHOWN)


class Printable:
    """A stream that hands on what is `printable`; all else is the stream's own. So nothing that is printed can be
    forgotten.
    """

    def __init__(self, stream: TextIO):
        self.beneath = stream

    def write(self, text: str) -> int:
        self.beneath.write(printable(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


def obeying(stream: TextIO) -> TextIO:
    """The stream whose control characters arrive as they are: for what a program moves itself."""
    return stream.beneath if isinstance(stream, Printable) else stream


class Redrawn:
    """`draw(lines)` puts these in the place of those before; `clear()` takes them away. stream: a terminal."""

    def __init__(self, stream: TextIO):
        self._stream, self._shown = obeying(stream), 0

    def rows(self) -> int:
        """How many lines there is room for."""
        return self._size().lines - 1

    def draw(self, lines: list[str]) -> None:
        # A line that goes on in the next row would be two to go back over.
        width = self._size().columns - 1
        shown = [_in_one_line(line)[:width] for line in lines[: self.rows()]]
        self._stream.write(self._back() + "".join(f"{line}\n" for line in shown))
        self._stream.flush()
        self._shown = len(shown)

    def clear(self) -> None:
        self.draw([])

    def _back(self) -> str:
        """To the first of the lines shown, everything from there on taken away."""
        return f"\x1b[{self._shown}F\x1b[J" if self._shown else ""

    def _size(self) -> os.terminal_size:
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except OSError:
            return _UNTOLD
        return size if all(size) else _UNTOLD


def _in_one_line(text: str) -> str:
    return printable(text).replace("\n", "\\n").replace("\t", " ")


class Progress:
    """A line that counts, on stderr: rewritten in place on a terminal, one line for every tenth of many elsewhere.

    `Progress(8351, "uploaded").step()`; the line tells how many of `total` are done."""

    def __init__(self, total: int, done: str, stream: TextIO | None = None):
        self._total, self._done, self._count, self._shown = total, done, 0, 0
        self._stream = obeying(stream or sys.stderr)

    def step(self) -> None:
        self._count += 1
        parts = 100 if self._stream.isatty() else 10 if self._total >= 100 else 1
        share = parts * self._count // max(1, self._total)
        last = self._count == self._total
        if share == self._shown and not last:
            return
        self._shown = share
        line = f"{self._count:,} of {self._total:,} {self._done}"
        if self._stream.isatty():
            print(f"\r{line}", end="\n" if last else "", file=self._stream, flush=True)
        else:
            print(line, file=self._stream, flush=True)
