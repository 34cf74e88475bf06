"""The HTTP server: slow, half-open and unwanted requests hold nobody up, and nothing of them is kept."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass

import pytest

from local_test.api import http_server
from local_test.api.http_server import EXAMINED, HEAD, HttpServer
from tests.local_service import until


@dataclass(frozen=True)
class Wanted:
    largest_body: int | None = None


class Application:
    """Answers with the length of the body; what it was called with is in `asked`. `largest`: of the bodies that it
    wants.
    """

    def __init__(self):
        self.asked, self.largest, self.gate, self.status = [], None, None, "200 OK"

    def examine(self, head):
        return Wanted(self.largest)

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        self.asked.append((environ[HEAD], environ[EXAMINED], len(body)))
        if self.gate:
            self.gate.wait()
        answer = str(len(body)).encode() if self.status == "200 OK" else b""
        start_response(self.status, [("Content-Length", str(len(answer))), ("x-amz-meta-My_Key", "v")])
        return [answer]


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def server(application, monkeypatch):
    monkeypatch.setattr(http_server, "SECONDS_FOR_HEAD", 1)
    monkeypatch.setattr(http_server, "SECONDS_FOR_BODY", 1)
    server = HttpServer(application, application.examine, 0)
    server.start()
    yield server
    server.stop()


def sent(server, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(data)
    return connection


def answer(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    got = b""
    with connection:
        while data := connection.recv(65536):
            got += data
    return got


def request(body=b"", length=None, more="") -> bytes:
    length = len(body) if length is None else length
    return (
        f"POST /a%2Fb?c=d HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n".encode()
        + body
    )


def test_a_request_is_answered_and_its_head_is_as_it_was_sent(server, application):
    assert b"\r\n\r\n5" in answer(sent(server, request(b"hello", more="X-Amz-Meta-a_b: ü\r\nX-Two: 1\r\nX-Two: 2\r\n")))
    [(head, _, _)] = application.asked
    assert (head.method, head.path, head.query) == ("POST", "/a%2Fb", "c=d")
    assert head.headers["x-amz-meta-a_b"].encode("latin-1").decode() == "ü" and head.headers["x-two"] == "1,2"


def test_names_of_metadata_are_answered_as_they_are(server):
    assert b"\r\nx-amz-meta-My_Key: v\r\n" in answer(sent(server, request()))


def test_chunks_are_put_together(server):
    chunked = (
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\n"
        b"de\r\n0\r\n\r\n"
    )
    assert b"\r\n\r\n5" in answer(sent(server, chunked))


def test_hundreds_of_half_open_connections_hold_nobody_up(server, monkeypatch):
    monkeypatch.setattr(http_server, "SECONDS_FOR_HEAD", 6)
    half_open = [sent(server, b"POST / HTTP/1.1\r\nHo") for _ in range(400)]
    began = time.monotonic()
    assert b"200 OK" in answer(sent(server, request(b"hello")))
    assert time.monotonic() - began < 5
    for connection in half_open:
        assert connection.recv(100) == b""  # closed after the time for a head
        connection.close()


def test_a_body_that_drips_is_ended_in_time_whatever_it_announced(server, application):
    dripping = sent(server, request(b"x", length=10_000))
    dripping.settimeout(0.2)

    def ended():
        try:
            dripping.sendall(b"x")
            return dripping.recv(100) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    until(ended, 10)
    dripping.close()
    assert application.asked == []


def test_a_large_body_that_nobody_wants_is_not_received(server, application):
    application.largest = 0
    kept_alive = request(length=10**9).replace(b"Connection: close\r\n", b"")
    connection = sent(server, kept_alive + b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
    said = answer(connection)  # before anything of it was sent, and the end of the connection
    assert b"\r\n\r\n0" in said and b"Connection: close" in said
    assert [(head.path, size) for head, _, size in application.asked] == [("/a%2Fb", 0)]


def test_one_who_waits_for_100_continue_with_an_unwanted_body_hears_the_answer_at_once(server, application):
    application.largest = 0
    assert answer(sent(server, request(length=10**9, more="Expect: 100-continue\r\n"))).startswith(b"HTTP/1.1 200 OK")
    application.largest = None
    connection = sent(server, request(length=5, more="Expect: 100-continue\r\n"))
    assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
    connection.sendall(b"hello")
    assert b"\r\n\r\n5" in answer(connection)


def test_one_who_waits_for_100_continue_with_an_empty_body_hears_the_answer_at_once(server):
    """As boto3 does for an empty object."""
    answered = answer(sent(server, request(more="Expect: 100-continue\r\n")))
    assert answered.startswith(b"HTTP/1.1 200 OK") and answered.endswith(b"\r\n\r\n0")


def test_hundreds_of_requests_that_wait_for_100_continue_share_a_connection(server):
    """As boto3 uploads objects, one behind the other."""
    with sent(server, b"") as connection, connection.makefile("rb") as answers:
        for _ in range(300):
            connection.sendall(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            assert answers.readline() == b"HTTP/1.1 100 Continue\r\n" and answers.readline() == b"\r\n"
            connection.sendall(b"hello")
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            while answers.readline() != b"\r\n":
                pass
            assert answers.read(1) == b"5"


@pytest.mark.parametrize(
    "target",
    [
        "/a?X-Amz-Signature=#&tagging",
        "http://evil.example/a",
        "/a%20b?c d",
        "*",
        "a",
        "//evil.example/a#b",
        "/\u00fc",
        "/a\tb",
        "",
    ],
)
def test_only_a_path_with_a_query_is_a_target(server, application, target):
    """What else a server, a signature and moto may read differently is refused before it is examined."""
    said = answer(sent(server, f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()))
    assert said.startswith(b"HTTP/1.1 400") or said.startswith(b"HTTP/1.0 400"), said[:100]
    assert application.asked == []


@pytest.mark.parametrize("target", ["/", "//a", "/a//b?c=d&e", "/a%2Fb%23c?x=%3F", "/~!$&'()*+,;=:@-._"])
def test_every_form_of_a_path_is_taken(server, application, target):
    assert b"200 OK" in answer(sent(server, f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()))
    head = application.asked[0][0]
    assert head.path + ("?" if "?" in target else "") + head.query == target


def test_chunks_beyond_what_is_wanted_are_not_kept(server, application, monkeypatch):
    monkeypatch.setattr(http_server, "SKIPPED_OF_KNOWN", 10)
    application.largest = 10
    chunk = b"20\r\n" + b"x" * 32 + b"\r\n"
    connection = sent(server, b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
    assert b"\r\n\r\n0" in answer(connection)  # before the end of the body
    few = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert b"\r\n\r\n3" in answer(sent(server, few))


def test_an_answer_without_a_body_leaves_the_connection_open(server, application):
    application.status = "204 No Content"
    with sent(server, b"") as connection, connection.makefile("rb") as answers:
        for _ in range(3):
            connection.sendall(b"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert answers.readline() == b"HTTP/1.1 204 No Content\r\n"
            while (line := answers.readline()) != b"\r\n":
                assert not line.lower().startswith(b"connection")


def test_a_head_beyond_its_bounds_is_refused(server, application):
    assert (
        answer(sent(server, b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)).split()[1] == b"431" and application.asked == []
    )


def test_requests_that_are_being_answered_end_before_the_server_does(application):
    application.gate = threading.Event()
    server = HttpServer(application, application.examine, 0)
    server.start()
    connection = sent(server, request(b"hello"))
    until(lambda: application.asked)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    application.gate.set()
    assert b"\r\n\r\n5" in answer(connection)
    stopping.join()


def test_a_port_that_is_taken_is_an_error(server, application):
    with pytest.raises(OSError):
        HttpServer(application, application.examine, server.port)


def test_a_server_comes_back_to_its_port_at_once(application):
    first = HttpServer(application, application.examine, 0)
    first.start()
    open_still = sent(first, request(b"hello", more="").replace(b"Connection: close\r\n", b""))
    assert b"200" in open_still.recv(1000)
    first.stop()
    second = HttpServer(application, application.examine, first.port)
    second.start()
    assert b"\r\n\r\n5" in answer(sent(second, request(b"hello")))
    second.stop()
    open_still.close()


def test_at_the_gateway_only_callers_who_are_admitted_are_heard(application):
    asked_about, admitted = [], threading.Event()

    def admits(address):
        asked_about.append(address)
        return admitted.is_set()

    server = HttpServer(application, application.examine, 0, "127.0.0.1", admits)
    server.start()
    try:
        assert server.gateway_port not in (None, server.port)
        with (
            socket.create_connection(("127.0.0.1", server.gateway_port), timeout=20) as refused,
            contextlib.suppress(ConnectionError),
        ):
            refused.sendall(request(b"hello"))
            assert refused.recv(1) == b""
        assert application.asked == [] and asked_about == ["127.0.0.1"]
        assert b"\r\n\r\n5" in answer(sent(server, request(b"hello")))
        admitted.set()
        with socket.create_connection(("127.0.0.1", server.gateway_port), timeout=20) as heard:
            heard.sendall(request(b"hello"))
            assert b"\r\n\r\n5" in answer(heard)
    finally:
        server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.gateway_port), timeout=1)
