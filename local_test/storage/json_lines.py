"""A file that only grows: one JSON value a line."""

import errno
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class JsonLines:
    """Safe to use from many threads of one process. A process that is killed loses at most the line it was writing."""

    def __init__(self, path: Path):
        """The file is made with the first line; what a crash left of a last line is cut off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self._lock = path, threading.Lock()
        if path.exists():
            with path.open("rb+") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - 1))
                if file.read(1) not in (b"\n", b""):
                    file.truncate(path.read_bytes().rfind(b"\n") + 1)

    def append(self, value: Any) -> None:
        """Raises OSError, and leaves no part of the line, when the disk is full."""
        line = json.dumps(value).encode() + b"\n"
        # Opened anew each time, 20 microseconds: there may be thousands of such files. Unbuffered: one write, one line.
        with self._lock, self.path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                if file.write(line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            except OSError:
                file.truncate(end)  # else the next line would be appended to what was written of this one
                raise


def read_lines(path: Path) -> Iterator[Any]:
    """Every whole line's value; none when there is no file."""
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)
