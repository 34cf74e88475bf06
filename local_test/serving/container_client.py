"""HTTP to one container over connections that are kept: a new one for each request would cost more than the request."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER, Timeout

CHUNK = 64 * 1024
MOST_KEPT = 256  # connections; more are closed after their request
# Only what the request's client sent goes to the container.
NO_HEADERS = {"Accept-Encoding": SKIP_HEADER, "User-Agent": SKIP_HEADER}
Blocks = Callable[[], Iterator[bytes]]  # a body of any size, read anew for every try


class _ClosedMeanwhile(http.client.RemoteDisconnected):
    """A kept connection, on which nothing was answered."""


class _Connection(HTTPConnection):
    kept = False  # from an earlier request
    reading: socket.socket  # http.client forgets it when the connection is not to be kept

    def connect(self) -> None:
        self.kept = False
        super().connect()

    def request(self, *arguments: Any, **options: Any) -> None:
        # A server may refuse a body before it has read all of it; its answer, if there is one, says why.
        with suppress(ConnectionResetError):
            super().request(*arguments, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # urllib3's response, for http.client's
        if self.sock is not None:
            self.reading = self.sock
        try:
            response = super().getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            if self.kept:
                raise _ClosedMeanwhile(str(error)) from error
            raise
        self.kept = True
        return response


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class Reply:
    """The container's answer, its body still to be read. Read it to the end or `close` it."""

    def __init__(self, response: urllib3.BaseHTTPResponse, seconds: float, deadline: float):
        """seconds: of the request. deadline: by time.monotonic()."""
        self._response, self._seconds, self._deadline = response, seconds, deadline
        self.status = response.status

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    def read(self) -> bytes:
        """The whole body. Raises OSError when the container breaks off, TimeoutError when the seconds of the request
        are over, however many pieces have come.
        """
        pieces = []
        try:
            while piece := self._piece(self._deadline - time.monotonic()):
                pieces.append(piece)
        finally:
            self.close()
        return b"".join(pieces)

    def parts(self) -> Iterator[bytes]:
        """The body as it comes; the seconds of the request are for each part. Raises as `read` does."""
        while part := self._piece(self._seconds):
            yield part

    def _piece(self, seconds: float) -> bytes:
        """What comes next, b"" at the end."""
        connection = self._response.connection
        if connection is None:  # read to its end
            return b""
        if seconds <= 0:
            raise TimeoutError("the answer did not end in time")
        assert isinstance(connection, _Connection)
        connection.reading.settimeout(seconds)
        with _as_os_errors():
            return self._response.read1(CHUNK, decode_content=False)

    def close(self) -> None:
        """A body that was read to its end has left the connection for the next request."""
        self._response.close()
        self._response.release_conn()


class ContainerClient:
    """Safe to use from many threads: each request has a connection to itself."""

    def __init__(self, host: str, port: int):
        self._pool = _Pool(host, port, maxsize=MOST_KEPT)

    def post(self, path: str, body: bytes | Blocks, headers: dict[str, str], seconds: float) -> Reply:
        """As `request`."""
        return self.request("POST", path, body, headers, seconds)

    def request(self, method: str, path: str, body: bytes | Blocks, headers: dict[str, str], seconds: float) -> Reply:
        """Send a request and wait for the head of the answer.

        A kept connection that the container has closed meanwhile is tried anew, and only when nothing was answered.

        Args:
            method: such as POST.
            path: with the query.
            body: Blocks go with chunked encoding.
            headers: of the client's request.
            seconds: until the answer has been read.

        Raises OSError: TimeoutError when the seconds are over, ConnectionError when the connection broke.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                with _as_os_errors():
                    response = self._pool.urlopen(
                        method,
                        path,
                        body() if callable(body) else body,
                        {**NO_HEADERS, **headers},
                        retries=False,
                        timeout=Timeout(total=seconds),
                        chunked=callable(body),
                        preload_content=False,
                        decode_content=False,
                    )
            except _Stale:
                continue
            return Reply(response, seconds, deadline)

    def close(self) -> None:
        self._pool.close()


class _Stale(ConnectionError):
    """Every kept connection may be: the next one is tried, and in the end a new one."""


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except urllib3.exceptions.TimeoutError as error:
        raise TimeoutError(str(error)) from error
    except HTTPError as error:
        cause = error.args[-1] if isinstance(error, ProtocolError) else None
        kind = _Stale if isinstance(cause, _ClosedMeanwhile) else ConnectionError
        raise (TimeoutError if isinstance(cause, TimeoutError) else kind)(str(error)) from error
