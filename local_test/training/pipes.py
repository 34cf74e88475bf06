"""Pipe mode: the files of a channel, one after another, through a named pipe `<channel>_<epoch>`.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html#your-algorithms-training-algo-running-container-inputdataconfig
A named pipe works between this machine and a container only when both have one kernel: not with Docker Desktop.
"""

import contextlib
import errno
import os
import shutil
import threading
from pathlib import Path

from local_test.training.channels import InputFile

WAIT = 0.05  # seconds between looks for a reader


class PipeChannel:
    """Feeds one channel until it is closed: pipe 0 exists at once, pipe n + 1 as soon as pipe n has a reader."""

    def __init__(self, name: str, files: list[InputFile], folder: Path):
        self._name, self._files, self._folder = name, files, folder
        self._closed = threading.Event()
        self._failed: OSError | None = None
        self._epochs = 0
        self._make_next()
        self._thread = threading.Thread(target=self._feed, name=f"pipe-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the feeding and remove the pipes; no container may have one open any more.

        Raises OSError when a file could not be read: the reader has taken what it got for everything.
        """
        self._closed.set()
        self._thread.join()
        for epoch in range(self._epochs):
            self._path(epoch).unlink(missing_ok=True)
        if self._failed:
            raise self._failed

    def _path(self, epoch: int) -> Path:
        return self._folder / f"{self._name}_{epoch}"

    def _make_next(self) -> None:
        path = self._path(self._epochs)
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self._epochs += 1

    def _feed(self) -> None:
        try:
            while (writer := self._wait_for_reader(self._path(self._epochs - 1))) is not None:
                self._make_next()
                # A reader that leaves early has seen enough: the next epoch starts anew.
                with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as pipe:
                    for file in self._files:
                        if self._closed.is_set():
                            return
                        with file.path.open("rb") as source:
                            shutil.copyfileobj(source, pipe, 1024 * 1024)
        except OSError as error:
            self._failed = error

    def _wait_for_reader(self, path: Path) -> int | None:
        """A descriptor of the pipe as soon as a container reads it; None when the channel is closed before."""
        while not self._closed.wait(WAIT):
            try:
                writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody reads yet
                    raise
                continue
            os.set_blocking(writer, True)
            return writer
        return None
