"""HTTP to one container over connections that are kept: a new one for each request would cost more than the request."""

import http.client
import threading

STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
CHUNK = 64 * 1024


class Reply:
    """The container's answer, its body still to be read. Read it to the end or `close` it."""

    def __init__(self, client: "ContainerClient", connection: http.client.HTTPConnection, response: http.client.HTTPResponse):
        self._client, self._connection, self._response = client, connection, response
        self.status = response.status

    def header(self, name: str) -> str | None:
        return self._response.getheader(name)

    def read(self) -> bytes:
        """The whole body. Raises OSError or http.client.HTTPException when the container breaks off."""
        try:
            body = self._response.read()
        except BaseException:
            self._connection.close()
            raise
        self.close()
        return body

    def parts(self):
        """The body as it comes. Raises as `read` does."""
        while part := self._response.read1(CHUNK):
            yield part

    def close(self) -> None:
        """A body that was read to its end leaves the connection for the next request."""
        complete = self._response.isclosed() or self._response.length == 0
        if complete and not self._response.will_close:
            self._response.close()  # it may not know yet that it came to its end; the connection insists on that
            self._client.keep(self._connection)
        else:
            self._connection.close()


class ContainerClient:
    """Safe to use from many threads: each request has a connection to itself."""

    def __init__(self, host: str, port: int):
        self._host, self._port = host, port
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._closed = False

    def post(self, path: str, body: bytes, headers: dict[str, str], seconds: float) -> Reply:
        """seconds: to connect, and between two pieces of the answer. Raises OSError (TimeoutError when the seconds are over)
        or http.client.HTTPException.

        A kept connection that the container has closed meanwhile is tried anew, once, and only when nothing was answered.
        """
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                return self._post(connection, path, body, headers, seconds)
            except STALE:
                pass
        return self._post(http.client.HTTPConnection(self._host, self._port), path, body, headers, seconds)

    def _post(self, connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str], seconds: float) -> Reply:
        connection.timeout = seconds
        if connection.sock:
            connection.sock.settimeout(seconds)
        try:
            connection.putrequest("POST", path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            try:
                connection.endheaders(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # a server may refuse a body before it has read all of it; its answer, if there is one, says why
            return Reply(self, connection, connection.getresponse())
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
