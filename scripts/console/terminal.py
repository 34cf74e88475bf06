"""What the user sees and answers: the terminal, a question there, and a page in the browser.

Control characters in text from elsewhere are made visible: a log line, a label or a reason that holds an escape
sequence could move the cursor, hide what is above, or have the terminal type something. https://unicode.org/reports/tr9/
has the characters that change the direction in which a line is read. And what is drawn at the foot of the terminal
gives way to every line that is printed."""

import os
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any, Protocol, TextIO

_CONTROL = {*range(0x20), *range(0x7F, 0xA0)} - {ord("\t"), ord("\n")}
_DIRECTION = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_LINE_ENDS = {0x2028, 0x2029}
_SURROGATES = set(range(0xD800, 0xE000))  # how Python stands in for bytes that are not UTF-8, which no stream takes
_SHOWN = {
    code: f"\\x{code:02x}" if code < 0x7F else f"\\u{code:04x}"
    for code in _CONTROL | _DIRECTION | _LINE_ENDS | _SURROGATES
} | {ord("\r"): "\\r"}


def printable(text: str) -> str:
    """The text with every character that a terminal would obey in its written form, as `\\x1b`; tabs and ends of lines
    stay.
    """
    return text.translate(_SHOWN)


def in_one_line(text: str) -> str:
    """`printable`, with tabs as spaces and ends of lines in their written form."""
    return printable(text).replace("\n", "\\n").replace("\t", " ")


def is_live(stream: TextIO) -> bool:
    """Whether what was written to the stream can be drawn anew: it is a terminal that obeys, and nobody wants plain
    lines. https://no-color.org
    """
    wants_lines = os.environ.get("NO_COLOR", "") != "" or os.environ.get("CI", "") not in ("", "false", "0")
    return stream.isatty() and not wants_lines and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


class Drawn(Protocol):
    """Something at the foot of the terminal. `hide` may be called when it is hidden already."""

    def show(self) -> None: ...

    def hide(self) -> None: ...


class Foot:
    """What is drawn at the foot of the terminal: the last one is seen, unless a line is being printed."""

    def __init__(self) -> None:
        self._drawn: list[Drawn] = []
        self._lock = threading.RLock()

    def draw(self, one: Drawn) -> None:
        with self._lock:
            self._hide()
            self._drawn.append(one)
            one.show()

    def erase(self, one: Drawn) -> None:
        with self._lock:
            one.hide()
            if one in self._drawn:
                self._drawn.remove(one)
                self._show()

    def write(self, stream: TextIO, text: str) -> None:
        """Write to a stream above what is drawn, which comes back with the end of the line."""
        with self._lock:
            gives_way = bool(self._drawn) and stream.isatty()
            if gives_way:
                self._hide()
            stream.write(text)
            if gives_way and text.endswith("\n"):
                stream.flush()
                self._show()

    def _hide(self) -> None:
        for one in self._drawn:
            one.hide()

    def _show(self) -> None:
        if self._drawn:
            self._drawn[-1].show()


FOOT = Foot()


class Printable:
    """A stream that hands on what is `printable`; all else is the stream's own. So nothing that is printed can be
    forgotten.
    """

    def __init__(self, stream: TextIO):
        self.beneath = stream

    def write(self, text: str) -> int:
        FOOT.write(self.beneath, printable(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


def obeying(stream: TextIO) -> TextIO:
    """The stream whose control characters arrive as they are: for what a program moves itself."""
    while isinstance(stream, Printable):
        stream = stream.beneath
    return stream


def agreed(question: str) -> bool:
    """Whether whoever sits at the terminal says yes. Where nobody does, that is said, and is a no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("There is no one to ask here: pass --yes.", file=sys.stderr)
        return False


def show_in_browser(page: Path) -> None:
    """Open it where a window could be seen; elsewhere nothing happens."""
    if has_display():
        webbrowser.open(page.absolute().as_uri())


def has_display() -> bool:
    """Whether a browser window could be seen by whoever runs this."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
