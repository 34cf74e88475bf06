"""Clients that send their bodies a byte at a time hold up nobody else, and not for ever."""

import json
import socket
import time
from contextlib import contextmanager

import pytest

from tests.container_memory import used_memory
from tests.serving.conftest import wait_for

MEGABYTE = 1024 * 1024
HEAD = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8083/metrics').read().decode())"
READING = (
    "import urllib.request as u; "
    "print(u.urlopen('http://127.0.0.1:8083/connections').read().decode().split('Writing: ')[1].split()[0])"
)


def announced(length: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % length


@contextmanager
def unfinished(served, count: int, request: bytes):
    """Connections that have sent `request`, a head with some of its body, and nginx reads them all."""
    connections = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", served.port), 30))
            connections[-1].sendall(request)
        wait_for(lambda: int(served.python(READING)) > count, 30)
        yield connections
    finally:
        for one in connections:
            one.close()


def heard(connection: socket.socket) -> tuple[int, dict, bytes]:
    """Status, error and head of the answer, when it was the last on this connection."""
    connection.settimeout(60)
    head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"], head


@pytest.fixture(scope="module")
def endpoint(serve):
    with serve() as served:
        yield served


def test_a_large_body_is_answered_beside_slow_ones(endpoint):
    with unfinished(endpoint, 8, announced(20 * MEGABYTE) + bytes(1000)) as slow:
        for one in slow:
            one.sendall(b"x")
        answer = endpoint.invoke(bytes(20 * MEGABYTE))
        assert (
            answer.status == 400 and "picture" in answer.error
        )  # it was read: the others have not used up what large bodies may


def test_a_large_body_is_answered_beside_slow_ones_in_chunks(endpoint):
    with unfinished(endpoint, 8, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"):
        assert endpoint.invoke(bytes(20 * MEGABYTE)).status == 400


def test_a_picture_is_answered_beside_three_hundred_slow_ones(endpoint, picture):
    with unfinished(endpoint, 300, announced(len(picture)) + picture[:10]):
        assert {one.status for one in endpoint.invoke_all([picture] * 32, at_once=16)} == {200}


def test_slow_bodies_wait_on_the_disk(serve, picture):
    with serve(user="1234:1234") as served:  # of all processes, so that they may see each other's files
        assert served.invoke(picture).status == 200
        before = used_memory(served.container)
        with unfinished(served, 12, announced(25 * MEGABYTE) + bytes(20 * MEGABYTE)):
            wait_for(lambda: int(served.python(KEPT)) > 12 * 19 * MEGABYTE, 60)
            assert used_memory(served.container) - before < 12 * 10 * MEGABYTE
            assert served.invoke(picture).status == 200
        wait_for(lambda: int(served.python(KEPT)) == 0, 30)


# Bytes of bodies in files, which have no name: nginx's worker alone has them open.
KEPT = """
import os, psutil
workers = [process.pid for process in psutil.process_iter() if process.name() == "nginx"]
files = [f"/proc/{pid}/fd/{number}" for pid in workers for number in os.listdir(f"/proc/{pid}/fd")]
print(sum(os.stat(one).st_size for one in files if "/client_body/" in os.readlink(one)))
"""


def test_bodies_that_break_off_give_back_what_they_had_announced(endpoint):
    """More than the sum of what may be announced at once: 4 GB."""
    for request in (announced(25 * MEGABYTE) + b"x", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\nwrong\r\n"):
        for _ in range(3):
            with unfinished_or_refused(endpoint, 80, request):
                pass
    assert endpoint.invoke(bytes(25 * MEGABYTE)).status == 400


@contextmanager
def unfinished_or_refused(served, count: int, request: bytes):
    connections = [socket.create_connection(("127.0.0.1", served.port), 30) for _ in range(count)]
    for one in connections:
        one.sendall(request)
    yield
    for one in connections:
        one.close()
    wait_for(lambda: int(served.python(READING)) == 1, 30)


@pytest.fixture(scope="module")
def impatient(serve):
    with serve(environment={"DOGBREED_MAX_BODY_SECONDS": "2"}) as served:
        yield served


def counted(served, status: int) -> int:
    """Answers with this status so far."""
    start = f'dogbreed_requests_total{{status="{status}"}} '
    return sum(
        int(float(line.removeprefix(start))) for line in served.python(METRICS).splitlines() if line.startswith(start)
    )


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 20971520\r\n\r\nx",
        b"Content-Length: 2000\r\n\r\nx",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    ],
    ids=["large", "small", "chunks"],
)
def test_a_body_has_so_many_seconds_and_then_its_client_hears_408(impatient, picture, body):
    before = counted(impatient, 408)
    with socket.create_connection(("127.0.0.1", impatient.port), 30) as slow:
        began = time.monotonic()
        slow.sendall(HEAD + body)
        slow.settimeout(0.3)  # a byte, or a chunk, each time that nothing was heard
        more = b"1\r\nx\r\n" if b"chunked" in body else b"x"
        said = b""
        while not said:
            try:
                said = slow.recv(65536, socket.MSG_PEEK)
            except TimeoutError:
                assert time.monotonic() - began < 20
                slow.sendall(more)
        status, error, head = heard(slow)
    assert 1.9 < time.monotonic() - began < 10
    assert (status, error["status"]) == (408, 408)
    assert error["message"].startswith("The body did not arrive in time: it may take 2 s in all")
    assert b"\r\nX-Request-Id: " in head and b"\r\nConnection: close" in head
    wait_for(lambda: counted(impatient, 408) == before + 1, 5)
    assert impatient.invoke(picture).status == 200


def test_the_time_that_a_client_takes_to_send_is_not_the_queues(endpoint, picture):
    with socket.create_connection(("127.0.0.1", endpoint.port), 30) as slow:
        slow.sendall(announced(len(picture)) + picture[:100])
        wait_for(lambda: int(endpoint.python(READING)) > 1, 10)
        began = time.monotonic()
        wait_for(lambda: time.monotonic() - began > 1, 5)
        slow.sendall(picture[100:])
        head = slow.recv(65536).decode()
    queue = float(head.lower().split("queue;dur=")[1].split(",")[0])
    assert head.startswith("HTTP/1.1 200") and queue < 500


def test_who_waits_for_a_continue_gets_it_and_the_answer(endpoint, picture):
    with socket.create_connection(("127.0.0.1", endpoint.port), 30) as client:
        client.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(picture))
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(picture)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_small_pictures_in_chunks_are_not_counted_as_large_ones(endpoint, picture):
    request = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        len(picture),
        picture,
    )
    connections = [socket.create_connection(("127.0.0.1", endpoint.port), 30) for _ in range(40)]
    for one in connections:
        one.sendall(request)
    assert {one.recv(65536).split()[1] for one in connections} == {b"200"}
    for one in connections:
        one.close()


@pytest.mark.parametrize(
    "options", [{"read_only": True}, {"read_only": True, "tmpfs": {"/tmp": "size=32m"}}], ids=["no disk", "a small tmp"]
)
def test_large_bodies_are_read_where_there_is_no_disk_for_them(serve, options):
    with serve(**options) as served, unfinished(served, 8, announced(20 * MEGABYTE) + bytes(1000)):
        assert {one.status for one in served.invoke_all([bytes(25 * MEGABYTE)] * 3, at_once=3)} == {400}
