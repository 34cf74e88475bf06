"""PID 1's children: whoever starts one is told how it ended, and orphans of the container are reaped too."""

import os
import signal
from collections.abc import Callable


class Children:
    """`reap` is to be called on SIGCHLD."""

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
