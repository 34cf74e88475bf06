"""Writing in the background of training: one thread of low priority runs jobs in order."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable

WAITING = 2  # jobs; each holds the tensors of a step
LOWEST_PRIORITY = 19


class BackgroundWriter:
    """Runs jobs in the order in which they come. When one fails, a warning says why, and the later ones are skipped."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._failed = False
        self._thread = threading.Thread(target=self._work, name="tensor-writer", daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], None]) -> None:
        """Queue a job; wait while the queue is full."""
        self._jobs.put(job)

    def flush(self) -> None:
        """Return when every job that was put is done."""
        self._jobs.join()

    def close(self) -> None:
        """Return when every job is done, and end the thread. May be called again."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(OSError):
            # On Linux a thread has a priority of its own.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while (job := self._jobs.get()) is not None:
            try:
                if not self._failed:
                    job()
            except Exception as error:  # whatever it is, training is worth more than its tensors
                self._failed = True
                print(
                    f"warning: the debugger saves no more tensors, and training continues without them: "
                    f"{type(error).__name__}: {error}",
                    file=sys.stderr,
                )
            finally:
                self._jobs.task_done()
