"""A line that counts, on stderr: rewritten in place on a terminal, one line for every tenth of many elsewhere."""

import sys
from typing import TextIO

from scripts.console.terminal import obeying


class Progress:
    """`Progress(8351, "uploaded").step()`; the line tells how many of `total` are done."""

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
