"""nginx's report of every request, a line each, through a pipe that it takes for its access log."""

import fcntl
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from container.serving.server.metrics import Metrics

INVOCATION = re.compile(r"/invocations|/models/[^/]+/invoke")
PIPE_SIZE = 1024 * 1024  # bytes; nginx waits when it is full, so that no line is lost


class RequestLog:
    """Counts invocations, and names those that failed on the container's log."""

    def __init__(self, run_dir: Path, metrics: Metrics):
        """Before nginx is started, which opens the pipe's other end."""
        self.metrics = metrics
        self._incomplete = b""
        path = run_dir / "requests"
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # also for writing: the pipe then has no end
        with suppress(OSError):  # a user that has many large pipes gets a smaller one
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def read(self) -> None:
        """Everything that has come."""
        while True:
            try:
                said = os.read(self.pipe, PIPE_SIZE)
            except BlockingIOError:
                return
            *lines, self._incomplete = (self._incomplete + said).split(b"\n")
            for line in lines:
                try:
                    self._count(
                        json.loads(line.decode(errors="replace"))
                    )  # nginx leaves bytes as they came: a path need not be UTF-8
                except (ValueError, KeyError) as error:
                    print(f"warning: a request was not counted: {error}", file=sys.stderr, flush=True)

    def _count(self, request: dict[str, Any]) -> None:
        if not INVOCATION.fullmatch(request["path"].partition("?")[0]):
            return
        status = int(request["status"])
        self.metrics.count(status, float(request["seconds"]), request["timing"])
        if status >= 500:
            print(
                f"request {request['id']} was answered with {status} after {request['seconds']} s",
                file=sys.stderr,
                flush=True,
            )
