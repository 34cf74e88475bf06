"""The log of a job: the streams of CloudWatch that keep what its containers print, and following a container."""

import queue
import threading
import time
from collections.abc import Generator, Iterable
from typing import Any

from local_test.api.logs import PLATFORM
from local_test.storage.log_groups import LogGroups

MOST = 1000  # lines at a time
SIZE = 1024 * 1024  # characters at a time


class JobLog:
    """The streams of one job in a log group such as /aws/sagemaker/TrainingJobs. Safe to use from many threads."""

    def __init__(self, logs: LogGroups, group: str, job: str):
        self._logs, self._group, self._job = logs, group, job

    def write(self, stream: str, printed: list[str]) -> None:
        """stream: below the job's name, such as `algo-1-1700000000`."""
        now = int(time.time() * 1000)
        self._logs.write(self._group, f"{self._job}/{stream}", [(now, line) for line in printed])

    def write_as_platform(self, line: str) -> None:
        """What the local SageMaker itself has to say about the job: in a stream of its own, `platform`."""
        self.write(PLATFORM, [line])


def missing(seen: bytes, end: bytes) -> bytes:
    """What of a log's end was not seen. seen: the last bytes that were, at least as many as `end` has, if there were so
    many.
    """
    known = next(size for size in range(len(end), -1, -1) if seen.endswith(end[:size]))
    return end[known:]


def as_they_come(source: Iterable[str]) -> Generator[list[str], None, None]:
    """The lines that are there at a time, together: one by one they would cost ten times as much. What `source` raises
    comes through.
    """
    waiting: queue.Queue[Any] = queue.Queue(MOST)
    abandoned = threading.Event()

    def read() -> None:
        end: BaseException | None = None
        try:
            for line in source:
                waiting.put(line)
                if abandoned.is_set():
                    return
        except BaseException as error:
            end = error
        waiting.put(_End(end))

    threading.Thread(target=read, name="log-lines", daemon=True).start()
    try:
        while True:
            batch, size = [], 0
            one = waiting.get()
            while not isinstance(one, _End):
                batch.append(one)
                size += len(one)
                if waiting.empty() or len(batch) == MOST or size >= SIZE:
                    break
                one = waiting.get()
            if batch:
                yield batch
            if isinstance(one, _End):
                if one.error:
                    raise one.error
                return
    finally:
        abandoned.set()
        while not waiting.empty():  # a reader that is blocked by a full queue continues, and sees that nobody reads on
            waiting.get()


class _End:
    def __init__(self, error: BaseException | None):
        self.error = error
