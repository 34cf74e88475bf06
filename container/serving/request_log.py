"""nginx's report of every request, one datagram each, as its access log to a syslog socket.

https://nginx.org/en/docs/syslog.html
"""

import json
import os
import re
import socket
import sys
from pathlib import Path

from container.serving.metrics import Metrics

INVOCATION = re.compile(r"/invocations|/models/[^/]+/invoke")
LARGEST = 65536
BUFFER = 4 * 1024 * 1024  # bytes that may wait; a datagram that finds no room is lost


class RequestLog:
    """Counts invocations, and names those that failed on the container's log."""

    def __init__(self, run_dir: Path, metrics: Metrics):
        self._metrics = metrics
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        path = run_dir / "requests.sock"
        path.unlink(missing_ok=True)
        self.socket.bind(os.fspath(path))
        self.socket.setblocking(False)

    def read(self) -> None:
        """Everything that has come."""
        while True:
            try:
                datagram = self.socket.recv(LARGEST)
            except BlockingIOError:
                return
            try:
                said = json.loads(datagram[datagram.index(b"{") :])
            except ValueError:
                continue  # cut off: a path of many kilobytes
            if not INVOCATION.fullmatch(said["path"]):
                continue
            self._metrics.count(said["status"], said["seconds"], said["timing"])
            if said["status"] >= 500:
                print(f"request {said['id']} was answered with {said['status']} after {said['seconds']} s", file=sys.stderr, flush=True)
