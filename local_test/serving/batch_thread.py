"""Work beside the requests: what they leave is handled by one thread, in batches, so that no request waits for it."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)


class BatchThread:
    """handle: gets a list of what was put, at most every `seconds`, and once more at `stop`. The thread starts with the
    first `put`.
    """

    def __init__(self, name: str, handle: Callable[[list[Any]], None], seconds: float):
        self._name, self._handle, self._seconds = name, handle, seconds
        self._waiting: deque[Any] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def put(self, thing: object) -> None:
        self._waiting.append(thing)
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopping.is_set():
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """Returns when everything that was put is handled."""
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread:
            thread.join()
        self._handle_waiting()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._handle_waiting()

    def _handle_waiting(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if batch:
            try:
                self._handle(batch)
            except Exception:
                logger.exception("%s lost %d entries", self._name, len(batch))
