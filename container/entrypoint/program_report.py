"""A pipe through which the toolkit's process tells PID 1 which process the training program is, and how it ended.

Not a file: a full disk, or a folder that cannot be written to, must not hide that a training failed.
"""

import json
import os

VARIABLE = "TRAINING_REPORT_FD"  # number of the pipe's end for writing, in the toolkit's environment


class ReportWriter:
    """The toolkit's end of the pipe."""

    def __init__(self, descriptor: int):
        os.set_inheritable(descriptor, False)  # not the training program's affair
        self._descriptor = descriptor

    def started(self, pid: int) -> None:
        self._write(pid=pid)

    def ended(self, status: int, reason: str) -> None:
        """status: -n for signal n."""
        self._write(status=status, reason=reason)

    def _write(self, **said: int | str) -> None:
        os.write(self._descriptor, json.dumps(said).encode() + b"\n")


class ReportReader:
    """PID 1's end of the pipe. pid, status, reason: None until they were written."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._text = b""
        self.pid: int | None = None
        self.status: int | None = None
        self.reason: str | None = None

    @property
    def descriptor(self) -> int:
        """The end for writing, which the toolkit inherits and `close_writer` closes here."""
        return self._writing

    def close_writer(self) -> None:
        os.close(self._writing)

    def read(self) -> None:
        """Read what was written so far, without waiting: other processes may keep the pipe open, so its end may not
        come.
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
