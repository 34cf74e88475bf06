"""Why a job ends before its program does: a request, a time-out, an interruption, the end of the service."""

import threading
from collections.abc import Callable

from local_test.training.job_hosts import JobHosts

INTERRUPTED = "Interrupted"
KILLED = "The local SageMaker ended while this job was running."


class JobEnding:
    """The reason why the hosts of a job are being stopped. Safe to use from many threads.

    The first reason counts, except that any other is stronger than an interruption: after that the job starts again."""

    def __init__(self, hosts: JobHosts):
        self._hosts = hosts
        self.lock = threading.RLock()  # held while something must happen before the next reason
        self._reason: str | None = None
        self._closed = False
        self._killed = threading.Event()

    @property
    def reason(self) -> str | None:
        """None while nothing ends the job."""
        return self._reason

    @property
    def is_killed(self) -> bool:
        return self._reason == KILLED

    def request(self, reason: str, announce: Callable[[], None] | None = None) -> None:
        """Stop the hosts: SIGTERM, then SIGKILL after 120 seconds. Returns at once; does nothing where it is too late.

        announce: called before; when it raises, the hosts are stopped all the same."""
        with self.lock:
            if self._closed or self._reason not in (None, INTERRUPTED):
                return
            self._reason = reason
            try:
                if announce:
                    announce()
            finally:
                self._hosts.terminate()

    def kill(self) -> None:
        """The service ends: the containers go at once."""
        self._killed.set()
        with self.lock:
            self._reason = KILLED
        self._hosts.remove()

    def timer(self, seconds: float | None, reason: str) -> threading.Timer:
        """Ends the job when a limit is over; without a limit, a timer that never runs. Cancel it at the job's end."""
        timer = threading.Timer(seconds or 0, self.request, [reason])
        timer.daemon = True
        if seconds:
            timer.start()
        return timer

    def close(self) -> None:
        """From now on nothing can end the job: its hosts have ended, for the last time."""
        self._closed = True

    def start_anew(self) -> bool:
        """Reset for another attempt of the job. False when it is being ended for good."""
        with self.lock:
            if self._reason not in (None, INTERRUPTED):
                return False
            self._reason, self._closed = None, False
            return True

    def wait_for_kill(self, seconds: float) -> bool:
        """Whether the service has ended within these seconds."""
        return self._killed.wait(seconds)
