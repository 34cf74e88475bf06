"""One process a folder: a lock that goes with its process, however that ends."""

import fcntl
from pathlib import Path
from typing import IO

FILE = "lock"


class AlreadyRunning(RuntimeError):
    """Another process serves from this folder; the message says what to do."""


def hold(folder: Path) -> IO[str]:
    """Hold the folder until the file that this returns is closed. Raises AlreadyRunning."""
    lock = (folder / FILE).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunning(f"Another local SageMaker serves from {folder}. End it, or name another folder.") from None
    return lock


def is_held(folder: Path) -> bool:
    try:
        hold(folder).close()
    except AlreadyRunning:
        return True
    return False
