"""What a container prints, line by line into CloudWatch Logs while it runs."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator

from docker.models.containers import Container

from local_test.storage.log_groups import LogGroups

LAST_LINES = 20
LONGEST_LINE = 256 * 1024  # bytes of one event, CloudWatch's own limit


class ContainerLog:
    """Follows a started container from its first line to its end, in a thread of its own."""

    def __init__(self, container: Container, logs: LogGroups, group: str, stream: str):
        self._container, self._logs, self._group, self._stream = container, logs, group, stream
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._thread = threading.Thread(target=self._follow, name=f"log of {stream}", daemon=True)
        self._thread.start()

    def wait_until_complete(self, seconds: float) -> None:
        """Until every line of an ended container is written, at most this long."""
        self._thread.join(seconds)

    def last_lines(self) -> str:
        return "\n".join(self._last)

    def _follow(self) -> None:
        try:
            for lines in whole_lines(self._container.logs(stream=True, follow=True)):
                self._last.extend(lines)
                now = int(time.time() * 1000)
                self._logs.write(self._group, self._stream, [(now, line) for line in lines])
        except Exception as error:  # the engine went away: the SDK lets errors of three libraries through
            self._last.append(f"(the engine stopped handing over the log: {error})")


def whole_lines(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The lines that each chunk completes; a line that outgrows CloudWatch's event is split."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            whole, rest = [*whole, rest], b""
        if whole:
            yield [line.decode(errors="replace").rstrip("\r") for line in whole]
    if rest:
        yield [rest.decode(errors="replace")]
