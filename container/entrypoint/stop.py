"""Stopping a training job: SIGTERM for the processes of the tree that it is for (process_tree.py), and their end.

SageMaker kills a job 120 s after SIGTERM; PID 1 must not end before the processes that save something have.
"""

import contextlib
import os
import signal
import subprocess

from container.entrypoint.process_tree import processes, receivers
from container.entrypoint.program_report import ReportReader

MODULE = "SAGEMAKER_TRAINING_MODULE"  # names the runner that the toolkit calls in the place of its own


class Stop:
    """Passes the first SIGTERM on to the processes of the tree that it is for; later ones change nothing."""

    def __init__(self) -> None:
        self.requested = False
        self._child: subprocess.Popen[bytes] | None = None
        self._report: ReportReader | None = None
        self._told: set[int] = set()
        signal.signal(signal.SIGTERM, self._request)

    def run(self, child: subprocess.Popen[bytes], report: ReportReader | None = None) -> int:
        """Wait for a child, reaping the orphans that PID 1 inherits; after a stop, wait for all processes that got
        SIGTERM.

        child: of this process. report: where the child is sagemaker-training, which does not survive SIGTERM itself and
        says there what the training program is. Returns the child's status.
        """
        self._child, self._report = child, report
        if self.requested:  # between the start of the child and here
            self._tell(self._roots())
        while (ended := os.wait())[0] != child.pid:
            pass
        if self.requested:
            # What the child left behind.
            self._tell([pid for pid, process in processes().items() if process.parent == os.getpid()])
            with contextlib.suppress(ChildProcessError):
                while self._alive():
                    os.wait()
        return os.waitstatus_to_exitcode(ended[1])

    def _request(self, signum: int, frame: object) -> None:
        if not self.requested:
            self.requested = True
            self._tell(self._roots())

    def _roots(self) -> list[int]:
        if self._child is None:
            return []
        if self._report:
            self._report.read()
            if self._report.pid:
                return [self._report.pid]
            if os.environ.get(MODULE):  # another runner: what the toolkit has started
                return [pid for pid, process in processes().items() if process.parent == self._child.pid] or [
                    self._child.pid
                ]
        return [self._child.pid]

    def _tell(self, roots: list[int]) -> None:
        for pid in receivers(processes(), roots):
            if pid not in self._told:
                self._told.add(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):  # ended in this instant; another user's
                    os.kill(pid, signal.SIGTERM)

    def _alive(self) -> bool:
        found = processes()
        return any(pid in found and not found[pid].ended for pid in self._told)
