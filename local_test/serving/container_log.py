"""What a container prints, line by line into CloudWatch Logs while it runs."""

import threading
import time
from collections import deque

from docker.models.containers import Container

from local_test.host.error_words import in_words
from local_test.storage.log_groups import LogGroups
from local_test.storage.log_lines import lines, lines_of_each

LAST_LINES = 20
SECONDS_FOR_THE_REST = 1


class ContainerLog:
    """Follows a started container from its first line to its end, in a thread of its own."""

    def __init__(self, container: Container, logs: LogGroups, group: str, stream: str):
        self._container, self._logs, self._group, self._stream = container, logs, group, stream
        self._lock = threading.Lock()
        self._written = 0
        self._finished = False
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._thread = threading.Thread(target=self._follow, name=f"log of {stream}", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Write the rest of an ended container's log. Call it before the container is removed; may be called again."""
        self._thread.join(SECONDS_FOR_THE_REST)
        if self._thread.is_alive():
            # Seen with engine 20.10 under load: a follower that waits on after the container has ended.
            found = list(lines([self._container.logs()]))
            with self._lock:
                rest, self._finished = found[self._written :], True
                self._write(rest)

    def last_lines(self) -> str:
        with self._lock:
            return "\n".join(self._last)

    def _follow(self) -> None:
        try:
            for found in lines_of_each(self._container.logs(stream=True, follow=True)):
                with self._lock:
                    if self._finished:
                        return
                    self._write(found)
        except Exception as error:  # the engine went away: the SDK lets errors of three libraries through
            with self._lock:
                self._last.append(f"(the engine stopped handing over the log: {in_words(error)})")

    def _write(self, found: list[str]) -> None:
        self._written += len(found)
        self._last.extend(found)
        now = int(time.time() * 1000)
        if found:
            self._logs.write(self._group, self._stream, [(now, line) for line in found])
