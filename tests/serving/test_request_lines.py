"""What nginx refuses before it knows the path, or the method, gets the endpoint's own error, not a page of nginx's."""

import json
import socket

import pytest

from tests.serving.conftest import wait_for

METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8083/metrics').read().decode())"


@pytest.fixture(scope="module")
def endpoint(serve):
    with serve() as served:
        yield served


def answered(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    """Status, head and body of the answer to bytes that need not be HTTP."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(request)
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


def refused(port: int, request: bytes) -> int:
    """Its status, when its body is an error in the one shape."""
    status, head, body = answered(port, request)
    error = json.loads(body)["error"]
    assert error.keys() == {"status", "message"} and error["status"] == status and error["message"].endswith(".")
    assert b"\r\nContent-Type: application/json\r\n" in head
    return status


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /%2e%2e/models HTTP/1.1", 400),
        (b"GET /%2e%2e/ping HTTP/1.1", 400),
        (b"GET /..%2f HTTP/1.1", 400),
        (b"GET /../x HTTP/1.1", 400),
        (b"GET /invocations/../%2e%2e HTTP/1.1", 400),
        (b"GET //models HTTP/1.1", 404),
        (b"GET /./x HTTP/1.1", 404),
        (b"GET /.refused HTTP/1.1", 404),
        (b"GET /invocations/%2e%2e/models HTTP/1.1", 404),
        (b"GET /%zz HTTP/1.1", 400),
        (b"GET /% HTTP/1.1", 400),
        (b"GET /%00 HTTP/1.1", 400),
        (b"GET /a\0b HTTP/1.1", 400),
        (b"GET x HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 400),
        (b"TRACE / HTTP/1.1", 405),
        (b"GET / HTTP/3.0", 505),
        (b"PRI * HTTP/2.0", 400),
        (b"GET / FTP/1.1", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1", 431),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"", 400),
    ],
)
def test_a_line_that_means_nothing_here_is_refused_in_the_one_shape(endpoint, line, status):
    assert refused(endpoint.port, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n") == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Transfer-Encoding: gzip", 501),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", 400),
        (b"Content-Length: x", 400),
        (b"Content-Length: -1", 400),
        (b"Host: y", 400),
        (b"no header", 400),
        (b"Na\0me: x", 400),
        (b"X: " + b"y" * 40_000, 431),
    ],
)
@pytest.mark.parametrize("line", [b"GET /ping", b"GET /nothing", b"POST /invocations"])
def test_a_header_that_means_nothing_is_refused_in_the_one_shape(endpoint, line, header, status):
    assert (
        refused(endpoint.port, line + b" HTTP/1.1\r\nHost: x\r\n" + header + b"\r\nConnection: close\r\n\r\n") == status
    )


@pytest.mark.parametrize("query", [b"", b"?q=1"])
@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 1\r\n\r\nx", b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"],
    ids=["plain", "chunks"],
)
def test_headers_are_too_long_for_nginx_before_they_are_for_what_is_behind_it(endpoint, query, body):
    def status(size: int) -> int:
        headers = b"Host: x\r\nConnection: close\r\nContent-Type: image/jpeg\r\n" + b"X: %s\r\n" % (b"y" * size)
        return refused(endpoint.port, b"POST /invocations%s HTTP/1.1\r\n" % query + headers + body)

    statuses = [status(size) for size in range(7_500, 8_300, 10)]
    assert statuses == [400] * statuses.count(400) + [431] * statuses.count(431) and {400, 431} <= set(statuses)


def test_a_long_query_is_too_long_for_nginx_before_it_is_for_what_is_behind_it(endpoint):
    line = (
        b"POST /invocations?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: image/jpeg\r\n"
        b"Content-Length: 1\r\n\r\nx"
    )
    assert [refused(endpoint.port, line % (b"q" * size)) for size in (100, 7_000, 7_700, 8_000, 9_000)] == [
        400,
        400,
        400,
        431,
        431,
    ]


def test_a_condition_on_ping_is_refused_in_the_one_shape(endpoint):
    condition = b"If-Unmodified-Since: Sun, 29 Nov 2020 00:00:00 GMT"
    assert (
        refused(endpoint.port, b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + condition + b"\r\n\r\n")
        == 412
    )


def test_an_invocation_that_is_refused_for_its_headers_is_counted(endpoint):
    wrong = b"POST /invocations?a=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n"
    before = endpoint.python(METRICS)
    assert refused(endpoint.port, wrong) == 501
    line = next(
        (one for one in before.splitlines() if one.startswith('dogbreed_requests_total{status="501"}')),
        'dogbreed_requests_total{status="501"} 0.0',
    )
    expected = f"{line.split()[0]} {float(line.split()[1]) + 1}"
    wait_for(lambda: expected in endpoint.python(METRICS).splitlines(), 5)
