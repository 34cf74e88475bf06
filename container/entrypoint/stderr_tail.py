"""The end of what a process writes to stderr, kept while all of it goes to the log."""

import os
import threading

TAIL_BYTES = 64 * 1024
SECONDS_FOR_THE_REST = 2  # of stderr, which a process that the program left behind may keep open


class StderrTail(threading.Thread):
    """Copies what comes from a pipe to the log, chunk by chunk, and keeps the end of it. Both are file descriptors."""

    def __init__(self, pipe: int, log: int = 2):
        super().__init__(daemon=True)
        self._pipe, self._log, self._tail, self._heard = pipe, log, b"", True
        self.start()

    def run(self) -> None:
        while chunk := os.read(self._pipe, 65536):
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
            while self._heard and chunk:
                try:
                    chunk = chunk[os.write(self._log, chunk) :]
                except OSError:
                    self._heard = False  # nobody reads the log any more; the program must not stand still for that

    def ended(self) -> str:
        """The end of it, once the program has ended."""
        self.join(SECONDS_FOR_THE_REST)
        return self._tail.decode(errors="replace")
