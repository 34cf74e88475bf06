"""What pip said of requirements that it could not install, for the failure reason: sagemaker-training drops it."""

import os
import re
import sys
from types import TracebackType
from typing import Self

from sagemaker_training import errors

from container.entrypoint.stderr_tail import StderrTail
from container.entrypoint.uncaught_error import shortened

MARK = re.compile(r"^(?:ERROR|error): ", re.MULTILINE)  # the second where a package cannot be built


class InstallStderr:
    """A context that keeps the end of what this process and those that it starts write to stderr, and gives an error of
    an installation pip's words. All of it still goes to the log.
    """

    def __init__(self) -> None:
        self._tail: StderrTail | None = None
        self._said = ""

    def __enter__(self) -> Self:
        sys.stderr.flush()
        self._log = os.dup(2)
        read, write = os.pipe()
        os.dup2(write, 2)
        os.close(write)
        self._tail = StderrTail(read, self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()
        if isinstance(error, errors.InstallRequirementsError | errors.InstallModuleError):
            error.output = pip_error(self._said) or error.output

    def end(self) -> None:
        """Stderr is the log itself again, and nothing is kept any more: the program is about to start."""
        if self._tail:
            sys.stderr.flush()
            os.dup2(self._log, 2)
            self._said, self._tail = self._tail.ended(), None


def pip_error(stderr: str) -> str:
    """`No matching distribution found for torhc`: pip's last error, with the lines that belong to it; "" for none."""
    said = MARK.split(stderr)
    return shortened(said[-1].strip()) if len(said) > 1 else ""
