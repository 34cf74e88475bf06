"""Lines on a terminal that are drawn anew in the place of the last ones."""

import os

_UNTOLD = os.terminal_size((80, 24))  # where a terminal does not tell its size, or tells 0


class Redrawn:
    """`draw(lines)` puts these in the place of those before; `clear()` takes them away. stream: a terminal."""

    def __init__(self, stream):
        self._stream, self._shown = stream, 0

    def rows(self) -> int:
        """How many lines there is room for."""
        return self._size().lines - 1

    def draw(self, lines: list[str]) -> None:
        # A line that goes on in the next row would be two to go back over.
        width = self._size().columns - 1
        shown = [line[:width] for line in lines[:self.rows()]]
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
