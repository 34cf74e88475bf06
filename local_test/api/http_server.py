"""The HTTP server: waitress, which receives requests without a thread for each, so that slow and half-open connections
hold nobody up.

A request's head is looked at before its body is read (`examine`): a body that will be refused is not received. Bodies
beyond a megabyte are spooled to disk. https://docs.pylonsproject.org/projects/waitress/"""

import re
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, get_header_lines
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from local_test.api.http_request import RequestHead

HEAD = "local_sagemaker.head"  # in the WSGI environment: the RequestHead
EXAMINED = "local_sagemaker.examined"  # and what `examine` returned for it
METADATA = "x-amz-meta-"
TARGET = re.compile(
    r"/[!\"$-~]*"
)  # what waitress, the signature and moto read alike: no other form, no fragment, no character to be encoded
THREADS = 128  # a request has one while it is answered, and an invocation may take a minute
LONGEST_HEAD = 64 * 1024  # bytes
LARGEST_BODY = 5 * 1024**3 + 1024**2  # bytes: S3's largest single upload, and what surrounds it in a form
IN_MEMORY = 1024**2  # bytes of a body
# Bytes of a body that will be refused, and are received all the same so that its sender reads the answer: of anybody,
# and of who holds a key.
SKIPPED, SKIPPED_OF_KNOWN = 64 * 1024, 64 * 1024**2
SECONDS_FOR_HEAD = 10
SECONDS_FOR_BODY = 60
SLOWEST_BODY = 100_000  # bytes per second, beyond that
SECONDS_IDLE = 70
SECONDS_BETWEEN_LOOKS = 1
CONNECTIONS = 16_384  # at most, where the limit of open files allows it
OTHER_FILES = 256  # open files that are not connections

Examine = Callable[[RequestHead], Any]


class _Parser(HTTPRequestParser):
    """One request on its way in."""

    examine: Examine
    head: RequestHead | None = None
    examined: Any = None
    _most: int | None = None  # bytes of the body that are received

    def __init__(self, adjustments: Adjustments):
        super().__init__(adjustments)
        self.begun = time.monotonic()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if not TARGET.fullmatch(self.request_uri):
            raise ParsingError("The request's target must be a path, percent-encoded, and may have a query")
        self.head = RequestHead.of(self.command, self.request_uri, _headers(header_plus))
        self.examined = self.examine(self.head)
        largest = self.examined.largest_body
        # Of what will be refused so much is received that its sender reads the answer.
        self._most = None if largest is None else max(largest, SKIPPED_OF_KNOWN if largest else SKIPPED)
        if self.body_rcv is not None and self._most is not None and self.content_length > self._most:
            self._receive_no_more(self.content_length)

    def received(self, data: bytes) -> int:
        consumed = super().received(data)
        if self.chunked and self.body_rcv is not None and self._most is not None and len(self.body_rcv) > self._most:
            self._receive_no_more(len(self.body_rcv))
        if self.completed:
            self.expect_continue = False  # there is no body to ask for: waitress would ask, and wait for ever
        return consumed

    def _receive_no_more(self, size: int) -> None:
        """The request is answered as it is, without a body; its CONTENT_LENGTH says how large that is, or has
        become.
        """
        self.body_rcv, self.chunked, self.content_length, self.completed = None, False, 0, True
        self.headers |= {
            "CONTENT_LENGTH": str(size),
            "CONNECTION": "close",
        }  # what comes after is the rest of this body, no request
        self.expect_continue = False

    def is_late(self, now: float) -> bool:
        """now: by time.monotonic()."""
        allowed = SECONDS_FOR_BODY + self.content_length / SLOWEST_BODY if self.headers_finished else SECONDS_FOR_HEAD
        return now - self.begun > allowed


class _Task(WSGITask):
    def get_environment(self) -> dict[str, Any]:
        known = self.environ is not None
        environ = super().get_environment()
        if not known:
            environ[HEAD], environ[EXAMINED] = self.request.head, self.request.examined
        return environ

    def build_response_header(self) -> bytes:
        """waitress writes every name in capitals, `X-Amz-Meta-Key`; names of S3's metadata are the user's own."""
        own = [name for name, _ in self.response_headers if name.lower().startswith(METADATA)]
        header = super().build_response_header()
        if (
            not self.has_body
            and self.version == "1.1"
            and self.request.headers.get("CONNECTION", "").lower() != "close"
        ):
            # waitress takes an answer that has no body (204, 304) for one whose end nobody can see.
            self.close_on_finish = False
            header = header.replace(b"\r\nConnection: close\r\n", b"\r\n")
        for name in own:
            capitals = "-".join(part.capitalize() for part in name.split("-"))
            header = header.replace(f"\r\n{capitals}: ".encode("latin-1"), f"\r\n{name}: ".encode("latin-1"), 1)
        return header


class _Channel(HTTPChannel):
    task_class = _Task


class _Server(TcpWSGIServer):
    admits: Callable[[str], bool] | None = None  # None: everybody who reaches the address

    def accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        accepted: tuple[socket.socket, tuple[str, int]] | None = super().accept()
        if accepted is not None and self.admits is not None and not self.admits(accepted[1][0]):
            accepted[0].close()
            return None
        return accepted

    def maintenance(self, now: float) -> None:
        """Close what is late or idle, and, where connections become scarce, those that have been silent for the longest
        time.
        """
        moment = time.monotonic()
        silent = [channel for channel in self.active_channels.values() if not channel.requests]
        for channel in silent:
            request = channel.request
            if request.is_late(moment) if request is not None else channel.last_activity < now - SECONDS_IDLE:
                channel.will_close = True
        excess = len(self.active_channels) - self.adj.connection_limit * 3 // 4
        for channel in sorted(silent, key=lambda one: one.last_activity)[: max(0, excess)]:
            channel.will_close = True


class HttpServer:
    """Listens from construction on; `start` serves in a thread of its own until `stop`."""

    def __init__(
        self,
        application: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]],
        examine: Examine,
        port: int,
        gateway: str | None = None,
        admits: Callable[[str], bool] = lambda _: False,
    ):
        """Raises OSError when the port is taken.

        Args:
            examine: called with each request's head, in the thread that receives all of them; its answer is the
            request's
                environ[EXAMINED], and its `largest_body` says how many bytes of the body are wanted, None for all.
            port: on loopback; 0 takes a free one.
            gateway: an address of this machine to listen at, too, at a free port (`gateway_port`).
            admits: whether a caller with this address is heard there; others are hung up on.
        """
        parser = type("Parser", (_Parser,), {"examine": staticmethod(examine)})
        channel = type("Channel", (_Channel,), {"parser_class": parser})
        server = type("Server", (_Server,), {"channel_class": channel})
        adjustments = Adjustments(
            listen="127.0.0.1:1",
            threads=THREADS,
            ident=None,
            max_request_header_size=LONGEST_HEAD,
            max_request_body_size=LARGEST_BODY,
            inbuf_overflow=IN_MEMORY,
            recv_bytes=256 * 1024,
            outbuf_high_watermark=16 * 1024**2,
            outbuf_overflow=64 * 1024**2,
            backlog=4096,
            cleanup_interval=SECONDS_BETWEEN_LOOKS,
            connection_limit=_connections(),
            channel_timeout=SECONDS_IDLE,
            log_socket_errors=False,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,
        )
        self._map: dict[str, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()

        def listen(address: str, port: int, admits: Callable[[str], bool] | None) -> _Server:
            listening = socket.create_server(
                (address, port), backlog=adjustments.backlog
            )  # at a port that it had before, too (SO_REUSEADDR)
            listener = server(
                application,
                map=self._map,
                dispatcher=self._dispatcher,
                adj=adjustments,
                _sock=listening,
                bind_socket=False,
                sockinfo=(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.getsockname()),
            )
            listener.admits = admits
            return listener

        self._servers = [listen("127.0.0.1", port, None)]
        self.port = int(self._servers[0].effective_port)
        if gateway:
            self._servers.append(listen(gateway, 0, admits))
        self.gateway_port = int(self._servers[-1].effective_port) if gateway else None
        self._dispatcher.set_thread_count(THREADS)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, and return when those that are being answered have ended, or after some seconds."""
        self._ending.set()
        self._servers[0].pull_trigger()
        self._thread.join()
        # Here and not in the thread, which may have seen the end before it was woken up: what wakes it is one of these.
        for channel in list(self._map.values()):
            channel.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            wasyncore.loop(timeout=1, map=self._map, use_poll=True, count=1)
        for server in self._servers:
            server.accepting = False
        self._dispatcher.shutdown(cancel_pending=True, timeout=5)


def _headers(header_plus: bytes) -> dict[str, str]:
    """By name in lower case, with underscores: waitress drops such headers, since WSGI cannot tell them from dashes,
    but S3's metadata may have them.
    """
    headers: dict[str, str] = {}
    for line in get_header_lines(header_plus.partition(b"\r\n")[2]):
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _connections() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > CONNECTIONS + OTHER_FILES:
        hard = CONNECTIONS + OTHER_FILES
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return (
        max(hard, soft if soft != resource.RLIM_INFINITY else 0) - OTHER_FILES if hard > 2 * OTHER_FILES else hard // 2
    )
