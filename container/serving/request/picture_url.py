"""Fetch a picture from a URL that a client named, without letting the client reach anything but public web servers."""

import functools
import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from container.serving.request.public_address import Address, is_public
from container.serving.request.request_errors import BadRequest, PayloadTooLarge

SECONDS = 5.0  # for everything: the name, all redirects, the last byte
MAX_BYTES = 25_000_000
MAX_REDIRECTS = 3
MAX_URL_LENGTH = 2048
PORTS = frozenset({80, 443})
REDIRECTS = (301, 302, 303, 307, 308)
PART = 64 * 1024  # bytes read at once


@dataclass(frozen=True)
class Target:
    """Where a URL points. host: in ASCII, without brackets. path: with the query."""

    scheme: str
    host: str
    port: int
    path: str


def fetch_picture(
    url: str,
    allowed: Callable[[Address], bool] = is_public,
    ports: Collection[int] = PORTS,
    seconds: float = SECONDS,
    max_bytes: int = MAX_BYTES,
) -> bytes:
    """The bytes behind an http or https URL, at most `max_bytes` of them, within `seconds`.

    The name is looked up once, every address that it has must be `allowed`, and the connection goes to one of those
    very addresses: a name that answers differently the second time gains nothing. Each redirect is a new URL with the
    same checks. Proxies of the environment, cookies and credentials are not used. Raises BadRequest and
    PayloadTooLarge; their sentences quote nothing that the server said."""
    deadline = time.monotonic() + seconds
    for _ in range(MAX_REDIRECTS + 1):
        try:
            content, url = _get(read_target(url, ports), url, allowed, deadline, max_bytes)
        except TimeoutError as error:
            raise BadRequest(
                f"The picture's URL did not answer within {seconds:g} s. Send the picture itself."
            ) from error
        except (
            OSError,
            http.client.HTTPException,
            ValueError,
        ) as error:  # ValueError: a length in the answer that is no number
            raise BadRequest(
                "The picture's URL could not be read. Check that it opens without a login, or send the picture."
            ) from error
        if content is not None:
            return content
    raise BadRequest(f"The picture's URL was redirected more than {MAX_REDIRECTS} times. Name the URL that it ends at.")


def read_target(url: str, ports: Collection[int] = PORTS) -> Target:
    """Take a URL apart (https://www.rfc-editor.org/rfc/rfc3986). Raises BadRequest when it is none that may be
    fetched.
    """
    if len(url) > MAX_URL_LENGTH:
        raise BadRequest(f"The picture's URL is longer than {MAX_URL_LENGTH} characters. Send the picture itself.")
    if "\\" in url or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        raise BadRequest("The picture's URL has a space, a control character or a backslash in it. Encode it with %.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path = "".join(character if character.isascii() else _percent_encoded(character) for character in path)
    except ValueError as error:  # UnicodeError is one
        raise BadRequest("The picture's URL is not one. Write it as https://host/path.") from error
    if parts.scheme not in ("http", "https"):
        raise BadRequest("The picture's URL must begin with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise BadRequest("The picture's URL must not hold a user or a password. Send the picture itself.")
    if not host:
        raise BadRequest("The picture's URL names no host. Write it as https://host/path.")
    port = port if port is not None else {"http": 80, "https": 443}[parts.scheme]
    if port not in ports:
        raise BadRequest(f"The picture's URL names port {port}. Only ports 80 and 443 are fetched from.")
    return Target(parts.scheme, host, port, path)


def checked_addresses(target: Target, allowed: Callable[[Address], bool], deadline: float) -> list[Address]:
    """All addresses of the target's host, in the system's order. Raises BadRequest when one is not `allowed`, or there
    is none.
    """
    found = _looked_up(target.host, target.port, deadline - time.monotonic())
    if not found or not all(allowed(address) for address in found):
        raise BadRequest("The picture's URL does not point to a public address. Send the picture itself.")
    return found


def _get(
    target: Target, url: str, allowed: Callable[[Address], bool], deadline: float, max_bytes: int
) -> tuple[bytes | None, str]:
    """The content and its URL; or None and the URL to go on with."""
    connection = _PinnedConnection(target, checked_addresses(target, allowed, deadline), deadline)
    try:
        connection.request(
            "GET",
            target.path,
            headers={"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "picture-fetch"},
        )
        with connection.getresponse() as answer:
            if answer.status in REDIRECTS:
                return None, urljoin(url, answer.headers.get("Location", ""))
            if answer.status != 200:
                raise BadRequest(
                    f"The picture's URL answered with status {answer.status}. Check it, or send the picture itself."
                )
            return _content(answer, max_bytes), url
    finally:
        connection.close()


def _content(answer: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """Counted while it comes: what the server says about the length need not be true."""
    content = bytearray()
    while part := answer.read(PART):
        content += part
        if len(content) > max_bytes:
            raise PayloadTooLarge(
                f"The picture behind the URL is larger than {max_bytes / 1e6:g} MB. Send a smaller one."
            )
    if answer.length:  # of what was announced; read() in parts says nothing
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(content)


def _looked_up(host: str, port: int, seconds: float) -> list[Address]:
    """getaddrinfo, which knows no timeout, in a thread that may be left behind. Raises OSError."""
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that is too long
            answer.put(error)

    threading.Thread(target=look_up, daemon=True, name="name-lookup").start()
    try:
        found = answer.get(timeout=max(seconds, 0))
    except queue.Empty as error:
        raise TimeoutError from error
    if isinstance(found, Exception):
        raise OSError("the name could not be looked up") from found
    return [ipaddress.ip_address(address[0]) for *_, address in found]


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to addresses that are known, not to a name; TLS certificates are checked against the name all the
    same.
    """

    def __init__(self, target: Target, addresses: list[Address], deadline: float):
        super().__init__(target.host, target.port)
        self._target, self._addresses, self._deadline = target, addresses, deadline
        self.default_port = {"http": 80, "https": 443}[target.scheme]  # what the Host header leaves out

    def connect(self) -> None:
        raw = self._connected()
        try:
            if self._target.scheme == "https":
                raw.settimeout(_left(self._deadline))
                raw = _tls().wrap_socket(raw, server_hostname=self._target.host)
        except BaseException:
            raw.close()
            raise
        self.sock = _DeadlineSocket(raw, self._deadline)

    def _connected(self) -> socket.socket:
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                return socket.create_connection((str(address), self._target.port), timeout=_left(self._deadline))
            except OSError as error:
                failure = error
        raise failure


class _DeadlineSocket:
    """What http.client needs of a socket; a timeout of sockets begins anew with every byte, this one does not."""

    def __init__(self, raw: socket.socket, deadline: float):
        self._raw, self._deadline = raw, deadline
        self._reader: io.BufferedReader[Any] | None = None

    def sendall(self, data: bytes) -> None:
        self._raw.settimeout(_left(self._deadline))
        self._raw.sendall(data)

    def makefile(self, mode: str) -> "io.BufferedReader[Any]":
        reader = self._reader = io.BufferedReader(_DeadlineReader(self._raw, self._deadline))
        return reader

    def close(self) -> None:
        """http.client lets go of the socket before it has read the answer: from then on it is the reader's."""
        if self._reader is None:
            self._raw.close()


class _DeadlineReader(io.RawIOBase):
    def __init__(self, raw: socket.socket, deadline: float):
        self._raw, self._deadline = raw, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._raw.settimeout(_left(self._deadline))
        return self._raw.recv_into(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises TimeoutError when it is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@functools.cache
def _tls() -> ssl.SSLContext:
    """Reading the system's certificates takes some 20 ms."""
    return ssl.create_default_context()


def _percent_encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())
