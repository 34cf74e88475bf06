"""PID 1's own small HTTP server, on a Unix socket that only nginx reaches: metrics, and loading models of a multi-model
endpoint.
"""

import asyncio
import http.client
import io
import json
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

# Bytes of all of them: what is not read when the connection is closed would take the answer with it.
LONGEST_HEADERS = 256 * 1024
LARGEST = 64 * 1024  # bytes of a body; nginx has refused larger ones


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"

    @classmethod
    def of(cls, value: object) -> "Response":
        return cls(200, json.dumps(value).encode())

    @classmethod
    def error(cls, status: HTTPStatus, message: str) -> "Response":
        return cls(status.value, json.dumps({"error": {"status": status.value, "message": message}}).encode())


Answer = Callable[[str, str, bytes], Awaitable[Response]]


async def start_control(path: Path, answer: Answer) -> asyncio.Server:
    """answer: method, path and body -> Response."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, target, _ = (await reader.readline()).decode("latin-1").split()
            headers = http.client.parse_headers(io.BytesIO(await reader.readuntil(b"\r\n\r\n")))
            body = await reader.readexactly(min(LARGEST, int(headers.get("Content-Length", 0))))
            try:
                made = await answer(method, target.partition("?")[0], body)
            except Exception as error:
                traceback.print_exception(error)
                made = Response.error(
                    HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed on this request. Its log has the reason."
                )
            writer.write(_written(made))
            await writer.drain()
        except (asyncio.LimitOverrunError, http.client.HTTPException):  # nginx lets 128 KiB through to the metrics
            writer.write(
                _written(
                    Response.error(
                        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                        "A header is longer than 64 KiB, or there are more than 100.",
                    )
                )
            )
        except (ValueError, ConnectionError, asyncio.IncompleteReadError):
            pass  # nginx went away, or another program of the container speaks something else
        finally:
            writer.close()

    return await asyncio.start_unix_server(handle, path, limit=LONGEST_HEADERS)


def _written(made: Response) -> bytes:
    head = (
        f"HTTP/1.0 {made.status} {HTTPStatus(made.status).phrase}\r\nContent-Type: {made.content_type}\r\n"
        f"Content-Length: {len(made.body)}\r\n\r\n"
    )
    return head.encode() + made.body
