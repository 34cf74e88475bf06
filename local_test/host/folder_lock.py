"""One process a folder: a lock that goes with its process, however that ends."""

import fcntl
import time
from pathlib import Path
from typing import IO

from local_test.host.command import COMMAND

FILE = "lock"
SECONDS_TO_TRY = 0.5  # whoever only looks whether it is held holds it for an instant


class AlreadyRunning(RuntimeError):
    """Another process serves from this folder; the message says what to do."""


def hold(folder: Path) -> IO[str]:
    """Hold the folder until the file that this returns is closed. Raises AlreadyRunning."""
    lock = (folder / FILE).open("w")
    deadline = time.monotonic() + SECONDS_TO_TRY
    while not _taken(lock):
        if time.monotonic() > deadline:
            lock.close()
            raise AlreadyRunning(
                f"Another local SageMaker serves from {folder}. End it ({COMMAND} down --folder {folder}), or name "
                "another folder with --folder."
            )
        time.sleep(0.02)
    return lock


def is_held(folder: Path) -> bool:
    """Whether a process serves from the folder, or is about to, or has not ended yet."""
    if not (folder / FILE).exists():
        return False
    with (folder / FILE).open("w") as lock:
        return not _taken(lock)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
