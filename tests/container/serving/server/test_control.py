"""PID 1's own HTTP server: whatever reaches it gets an answer in the one shape."""

import asyncio
import json

import pytest

from container.serving.server.model_api import Response, start_control


def asked(tmp_path, request: bytes) -> tuple[int, dict]:
    """Status and body of the answer."""

    async def answer(method: str, path: str, body: bytes) -> Response:
        return Response.of({"method": method, "path": path, "bytes": len(body)})

    async def ask() -> bytes:
        server = await start_control(tmp_path / "control.sock", answer)
        async with server:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "control.sock")
            writer.write(request)
            said = await reader.read()
            writer.close()
        return said

    head, _, body = asyncio.run(ask()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("size", [10, 12_000])
def test_headers_as_long_as_nginx_lets_them_through_are_read(tmp_path, size):
    headers = b"".join(b"X-%d: %s\r\n" % (number, b"x" * size) for number in range(10))
    assert asked(tmp_path, b"POST /models?a=1 HTTP/1.0\r\n%sContent-Length: 2\r\n\r\n{}" % headers) == (
        200,
        {"method": "POST", "path": "/models", "bytes": 2},
    )


@pytest.mark.parametrize(
    "headers",
    [b"X: " + b"x" * 70_000 + b"\r\n", b"".join(b"X-%d: x\r\n" % number for number in range(120))],
    ids=["long", "many"],
)
def test_headers_that_cannot_be_read_are_told_so(tmp_path, headers):
    status, body = asked(tmp_path, b"GET /metrics HTTP/1.0\r\n%s\r\n" % headers)
    assert status == 431
    assert body == {"error": {"status": 431, "message": "A header is longer than 64 KiB, or there are more than 100."}}
