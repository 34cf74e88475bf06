"""How the toolkit's process tells PID 1 which process the training program is, and how it ended: through a pipe.

No file: a disk that is full, or a folder that cannot be written to, must not hide that a training failed.
"""

import json
import os

VARIABLE = "TRAINING_REPORT_FD"  # number of the pipe's end for writing, in the toolkit's environment


class ReportWriter:
    """The toolkit's end."""

    def __init__(self, descriptor: int):
        os.set_inheritable(descriptor, False)  # not the training program's affair
        self._descriptor = descriptor

    def started(self, pid: int) -> None:
        self._write(pid=pid)

    def ended(self, status: int, reason: str) -> None:
        """status: -n for signal n."""
        self._write(status=status, reason=reason)

    def _write(self, **said) -> None:
        os.write(self._descriptor, json.dumps(said).encode() + b"\n")


class ReportReader:
    """PID 1's end. pid, status, reason: None until they were said."""

    def __init__(self):
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._text = b""
        self.pid: int | None = None
        self.status: int | None = None
        self.reason: str | None = None

    @property
    def descriptor(self) -> int:
        """What the toolkit inherits, and `close_writer` closes here."""
        return self._writing

    def close_writer(self) -> None:
        os.close(self._writing)

    def read(self) -> None:
        """Take in what was said up to now, without waiting. Other processes may keep the pipe open, so its end is not
        waited for.
        """
        try:
            while chunk := os.read(self._reading, 65536):
                self._text += chunk
        except BlockingIOError:
            pass
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            for name, value in json.loads(line).items():
                setattr(self, name, value)
