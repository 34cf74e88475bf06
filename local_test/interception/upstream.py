"""The way to hosts that are not AWS's: straight, or through the proxy that was the user's own before."""

import asyncio
import contextlib
import ssl
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

LONGEST_HEAD = 64 * 1024  # bytes
SECONDS_TO_CONNECT = 30
SECONDS_TO_CLOSE = 2


class NoWay(Exception):
    """A host cannot be reached; status: what the client is answered with, message: why."""

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Upstream:
    """proxy: URL of the user's own, '' for none. no_proxy: hosts that it is not for, as NO_PROXY has them."""

    proxy: str = ""
    no_proxy: str = ""

    def proxy_for(self, host: str) -> str:
        """URL of the proxy that leads to a host, '' for none."""
        exceptions = [entry.strip().lower() for entry in self.no_proxy.split(",") if entry.strip()]
        excepted = any(one == "*" or f".{host}".endswith(f".{one.lstrip('*.')}") for one in exceptions)
        return "" if excepted else self.proxy

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection whose other end is the host. Raises NoWay."""
        proxy = self.proxy_for(host)
        try:
            async with asyncio.timeout(SECONDS_TO_CONNECT):
                return await (_through(proxy, host, port) if proxy else asyncio.open_connection(host, port))
        except TimeoutError as error:
            raise NoWay("504 Gateway Timeout", f"{host}:{port} does not answer.") from error
        except (OSError, ValueError) as error:
            by_way_of = f" through the proxy {urlsplit(proxy).hostname}" if proxy else ""
            raise NoWay("502 Bad Gateway", f"{host}:{port} cannot be reached{by_way_of}: {error}") from error


async def _through(proxy: str, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises NoWay where the proxy refuses, OSError and ValueError where it cannot be reached or is of another kind."""
    where = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if where.scheme not in ("http", "https") or not where.hostname:
        raise ValueError(f"a proxy of kind {where.scheme}:// is not supported here, only http:// and https://")
    tls = ssl.create_default_context() if where.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        where.hostname, where.port or (443 if tls else 80), ssl=tls, limit=LONGEST_HEAD
    )
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    asked = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if where.username is not None:
        user = f"{unquote(where.username)}:{unquote(where.password or '')}"
        asked += f"Proxy-Authorization: Basic {b64encode(user.encode()).decode()}\r\n"
    try:
        writer.write(f"{asked}\r\n".encode())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0].decode("latin-1").split(" ", 1)[-1]
        if not status.startswith("2"):
            raise NoWay("502 Bad Gateway", f"The proxy {where.hostname} refuses {target}: {status}")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        await close(writer)
        raise OSError("it is no HTTP proxy, or has hung up") from error
    except BaseException:
        await close(writer)
        raise
    return reader, writer


async def close(writer: asyncio.StreamWriter) -> None:
    """Send what is still to be sent, and hang up; more than once does no harm."""
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(SECONDS_TO_CLOSE):
            await writer.wait_closed()
