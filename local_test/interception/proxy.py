"""An HTTP proxy on loopback: connections to AWS's hosts end here, those to every other host are handed through.

It knows CONNECT alone, which is what clients use for https://, and serves whoever knows its password. No name of AWS's
is looked up: what follows such a CONNECT goes to the service's own API.

https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
"""

import asyncio
import contextlib
import hmac
import logging
import re
import socket
import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass
from functools import partial

from local_test.api.aws_hosts import is_aws_host
from local_test.interception.certificates import CertificateAuthority
from local_test.interception.settings import USER
from local_test.interception.upstream import LONGEST_HEAD, SECONDS_TO_CLOSE, NoWay, Upstream, close

HTTPS = 443
BLOCK = 64 * 1024  # bytes
SECONDS_FOR_HEAD = 10  # also for the TLS handshake
MOST_CONNECTIONS = 1024
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]")
# A name of DNS, an IPv4 or an IPv6 address, and the port.
AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}))):(?P<port>\d{1,5})"
)
logger = logging.getLogger(__name__)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class ConnectRequest:
    """Which host a request to the proxy asks for, and who asks.

    host: in lower case, without brackets. authorization: of the header Proxy-Authorization, '' without one."""

    host: str
    port: int
    authorization: str


class Proxy:
    """Listens from construction on, and serves in a thread of its own until `stop`. upstream may be set anew."""

    def __init__(self, authority: CertificateAuthority, password: str, api_port: int, port: int, upstream: Upstream):
        """Raises OSError when the port is taken.

        Args:
            password: of USER; everybody else is answered with 407.
            api_port: of the service's API on loopback, in plain HTTP.
            port: to listen at on loopback; 0 takes a free one.
        """
        self._authority, self._api_port, self.upstream = authority, api_port, upstream
        self._authorization = f"Basic {b64encode(f'{USER}:{password}'.encode()).decode()}"
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._serving = self._loop.create_task(self._serve())
        self._thread = threading.Thread(target=self._run, name="interception", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hang up on everybody; more than once does no harm."""
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop), contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serving)

    async def _serve(self) -> None:
        self._loop.add_reader(self._socket, self._accept)
        try:
            await self._loop.create_future()  # until `stop`
        finally:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:  # the client has gone again, or there are no more open files
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            connection.close()
            return
        task = self._loop.create_task(self._answer(connection))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(partial(_hang_up, connection))  # also of one that never began

    async def _answer(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._connect(connection)
        except NoWay as refused:
            with contextlib.suppress(OSError):
                await self._loop.sock_sendall(connection, _refusal(refused))
        except (OSError, TimeoutError, EOFError):
            pass  # a client that hung up, or does not trust our certificates: it knows why
        except Exception:
            logger.exception("a connection to the interception has ended")

    async def _connect(self, connection: socket.socket) -> None:
        """Serve one client until either side hangs up. Raises NoWay, OSError, TimeoutError, EOFError."""
        async with asyncio.timeout(SECONDS_FOR_HEAD):
            head, early = await self._head(connection)
        try:
            request = connect_request(head)
        except ValueError as error:
            raise NoWay("405 Method Not Allowed", str(error)) from error
        if not hmac.compare_digest(request.authorization.encode(), self._authorization.encode()):
            raise NoWay("407 Proxy Authentication Required", "This proxy wants the password that `env` exports.")
        if is_aws_host(request.host):
            await self._intercept(connection, request, early)
        else:
            there = await self.upstream.connect(request.host, request.port)
            try:
                await self._loop.sock_sendall(connection, ESTABLISHED)
                there[1].write(early)
                await _relay(await asyncio.open_connection(sock=connection), there)
            finally:
                await close(there[1])

    async def _head(self, connection: socket.socket) -> tuple[bytes, bytes]:
        """A request's head, and what came with it."""
        received = b""
        while b"\r\n\r\n" not in received:
            block = await self._loop.sock_recv(connection, BLOCK)
            if not block:
                raise EOFError
            received += block
            if len(received) > LONGEST_HEAD:
                raise NoWay("431 Request Header Fields Too Large", "The request's head is too long.")
        head, end, early = received.partition(b"\r\n\r\n")
        return head + end, early

    async def _intercept(self, connection: socket.socket, request: ConnectRequest, early: bytes) -> None:
        """Be the host that the client asked for, and hand what it says to the API."""
        if request.port != HTTPS or early:
            raise NoWay("403 Forbidden", f"{request.host} is answered here at port {HTTPS} alone, and by TLS.")
        try:
            context = self._authority.context(request.host)
        except ValueError as error:
            raise NoWay("400 Bad Request", f"{request.host} is no name of a host: {error}") from error
        await self._loop.sock_sendall(connection, ESTABLISHED)
        client = await self._with_tls(connection, context)
        try:
            await _relay(client, await asyncio.open_connection("127.0.0.1", self._api_port))
        finally:
            await close(client[1])

    async def _with_tls(self, connection: socket.socket, context: ssl.SSLContext) -> Streams:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=context,
            ssl_handshake_timeout=SECONDS_FOR_HEAD,
            ssl_shutdown_timeout=SECONDS_TO_CLOSE,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)


def connect_request(head: bytes) -> ConnectRequest:
    """head: with the empty line at its end. Raises ValueError, a sentence, for every other request."""
    line, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = REQUEST_LINE.fullmatch(line)
    if not found or found[1] != b"CONNECT":
        raise ValueError(
            "This is the proxy of a local SageMaker for https:// alone: it takes CONNECT and nothing else."
        )
    authority = AUTHORITY.fullmatch(found[2].decode("latin-1"))
    if not authority or not 0 < int(authority["port"]) < 65536:
        raise ValueError("CONNECT needs HOST:PORT.")
    pairs = [header.decode("latin-1").partition(":") for header in headers]
    authorization = next((value.strip() for name, _, value in pairs if name.lower() == "proxy-authorization"), "")
    host = (authority["six"] or authority["name"]).lower().rstrip(".")
    return ConnectRequest(host, int(authority["port"]), authorization)


async def _relay(one: Streams, other: Streams) -> None:
    """Hand on what either side says, until both have ended. Raises OSError when one has gone."""
    pumps = [asyncio.create_task(_pump(one[0], other[1])), asyncio.create_task(_pump(other[0], one[1]))]
    try:
        await asyncio.gather(*pumps)
    except asyncio.CancelledError:  # `stop`: nobody is waited for
        one[1].transport.abort()
        other[1].transport.abort()
        raise
    finally:
        for pump in pumps:
            pump.cancel()
        await close(one[1])
        await close(other[1])


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while block := await source.read(BLOCK):
        target.write(block)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()
    else:
        target.close()  # TLS: there is no end of one direction alone


def _hang_up(connection: socket.socket, _: object) -> None:
    connection.close()


def _refusal(refused: NoWay) -> bytes:
    wanted = 'Proxy-Authenticate: Basic realm="local-sagemaker"\r\n' if refused.status.startswith("407") else ""
    body = f"{refused.message}\n".encode()
    head = (
        f"HTTP/1.1 {refused.status}\r\n{wanted}Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body
