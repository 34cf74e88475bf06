"""HTTP to one container over connections that are kept: a new one for each request would cost more than the request."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator

STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
BROKEN = (OSError, http.client.HTTPException)  # what a request, or the reading of its answer, raises
CHUNK = 64 * 1024
Blocks = Callable[[], Iterator[bytes]]  # a body of any size, read anew for every try


class Reply:
    """The container's answer, its body still to be read. Read it to the end or `close` it."""

    def __init__(
        self,
        client: "ContainerClient",
        connection: http.client.HTTPConnection,
        sock: socket.socket,
        response: http.client.HTTPResponse,
        seconds: float,
        deadline: float,
        reusable: bool,
    ):
        """sock: the connection's, which the connection forgets when it is not to be kept. deadline: by
        time.monotonic().
        """
        self._client, self._connection, self._sock, self._response = client, connection, sock, response
        self._seconds, self._deadline, self._reusable = seconds, deadline, reusable
        self.status = response.status

    def header(self, name: str) -> str | None:
        return self._response.getheader(name)

    def read(self) -> bytes:
        """The whole body. Raises OSError or http.client.HTTPException when the container breaks off, TimeoutError when
        the seconds of the request are over, however many pieces have come."""
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
        if self._response.isclosed() or self._response.length == 0:
            return b""
        if seconds <= 0:
            raise TimeoutError("the answer did not end in time")
        try:
            self._sock.settimeout(seconds)
            piece = self._response.read1(CHUNK)
            if not piece and self._response.length:
                raise http.client.IncompleteRead(b"", self._response.length)
        except BaseException:
            self._reusable = False
            raise
        return piece

    def close(self) -> None:
        """A body that was read to its end leaves the connection for the next request."""
        complete = self._response.isclosed() or self._response.length == 0
        if complete and self._reusable and not self._response.will_close:
            self._response.close()  # it may not know yet that it came to its end; the connection insists on that
            self._client.keep(self._connection)
        else:
            self._response.close()
            self._connection.close()


class ContainerClient:
    """Safe to use from many threads: each request has a connection to itself."""

    def __init__(self, host: str, port: int):
        self._host, self._port = host, port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    def post(self, path: str, body: bytes | Blocks, headers: dict[str, str], seconds: float) -> Reply:
        """As `request`."""
        return self.request("POST", path, body, headers, seconds)

    def request(self, method: str, path: str, body: bytes | Blocks, headers: dict[str, str], seconds: float) -> Reply:
        """body: Blocks go with chunked encoding. seconds: until the answer has been read. Raises OSError (TimeoutError
        when the seconds are over) or http.client.HTTPException.

        A kept connection that the container has closed meanwhile is tried anew, once, and only when nothing was
        answered."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._send(connection, method, path, body, headers, seconds)
            except STALE:
                pass
        return self._send(http.client.HTTPConnection(self._host, self._port), method, path, body, headers, seconds)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | Blocks,
        headers: dict[str, str],
        seconds: float,
    ) -> Reply:
        deadline, reusable = time.monotonic() + seconds, True
        connection.timeout = seconds
        if connection.sock:
            connection.sock.settimeout(seconds)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if isinstance(body, bytes):
                connection.putheader("Content-Length", str(len(body)))
            else:
                connection.putheader("Transfer-Encoding", "chunked")
            try:
                if isinstance(body, bytes):
                    connection.endheaders(body)
                else:
                    connection.endheaders(body(), encode_chunked=True)
            except (BrokenPipeError, ConnectionResetError):
                # a server may refuse a body before it has read all of it; its answer, if there is one, says why
                reusable = False
            sock = connection.sock
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            return Reply(self, connection, sock, connection.getresponse(), seconds, deadline, reusable)
        except BaseException:
            connection.close()
            raise

    def keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
