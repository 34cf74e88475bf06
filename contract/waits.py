"""What a program waits for, and for how long, in lines on stderr: one when a wait has taken a while, one at its end."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

SHORTEST = 1.5  # seconds that need no word


def minutes(seconds: float) -> str:
    """`75.2` -> `1:15`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Wait:
    """`with Wait("the endpoint dogbreed"):` says that `the endpoint dogbreed` is waited for.

    A subclass may say it otherwise: `begin` is called in a thread of its own, `end` after it and not beside it.
    """

    def __init__(self, what: str):
        self.what, self.stream, self._started = what, sys.stderr, time.monotonic()
        self._has_begun = self._is_over = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(SHORTEST, self._begin)
        self._timer.daemon = True

    @property
    def seconds(self) -> float:
        """Since its beginning."""
        return time.monotonic() - self._started

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop(failed=error is not None)

    def start(self) -> None:
        self._timer.start()

    def stop(self, failed: bool) -> None:
        """failed: an error follows."""
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._has_begun:
                self.end(failed)

    def begin(self) -> None:
        """The wait has taken a while."""
        print(f"waiting for {self.what}", file=self.stream, flush=True)

    def end(self, failed: bool) -> None:
        """It is over. failed: an error follows, which says more."""
        if not failed:
            print(f"waited {minutes(self.seconds)} for {self.what}", file=self.stream, flush=True)

    def _begin(self) -> None:
        with self._lock:
            if not self._is_over:
                self._has_begun = True
                self.begin()
