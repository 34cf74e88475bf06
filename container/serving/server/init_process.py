"""What PID 1 does as the container's init process: it looks after children, or becomes another program.

Whoever starts a child is told how it ended, and orphans of the container are reaped too. Another command than `serve`
is run in its place: a shell, or a program of an image that is made from this one.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable

from container.runtime.failure import why_not_started


class Children:
    """The processes that PID 1 started. `reap` is to be called on SIGCHLD."""

    def __init__(self) -> None:
        self._watched: dict[int, Callable[[int], None]] = {}

    def watch(self, pid: int, ended: Callable[[int], None]) -> None:
        """ended: gets the status that os.waitpid gave, once. To be called before the event loop can reap: at once after
        the start.
        """
        self._watched[pid] = ended

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            tell = self._watched.pop(pid, None)
            if tell:  # an orphan otherwise, of a user's function or of `docker exec`
                tell(status)


def how_it_ended(status: int) -> str:
    """status: of os.waitpid."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hint = " (as a rule because the container's or the host's memory was full)" if number == signal.SIGKILL else ""
        return f"was ended by {signal.Signals(number).name}{hint}"
    return f"ended with status {os.waitstatus_to_exitcode(status)}"


def become(command: list[str]) -> int:
    """Go on as this program. Returns 1, after a sentence on stderr, where there is none of its name, or the system
    cannot run it.
    """
    path = shutil.which(command[0])
    try:
        os.execvp(command[0], command)
    except OSError as error:
        missing = f"There is no program {command[0]} in this image. For an endpoint run it with `serve`."
        print(f"error: {why_not_started(path, error) if path else missing}", file=sys.stderr, flush=True)
    return 1
