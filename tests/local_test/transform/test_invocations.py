"""Payloads over HTTP to a server of this process: kept connections, chunks, retries, timeouts."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_test.serving.container_client import ContainerClient
from local_test.serving.pipeline import PipelineContainer, PipelineRequest
from local_test.transform import invocations as module
from local_test.transform.invocations import InvocationFailed, Invocations, execution_parameters
from local_test.transform.records import BadInput


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.answer(*self.server.parameters)

    def do_POST(self):
        server = self.server
        if server.refuse_before_reading:
            self.close_connection = True
            self.answer(413, b"too large")
            return
        body = self.body()
        with server.lock:
            server.requests.append((self.client_address[1], dict(self.headers), body))
            plan = server.plan.pop(0) if server.plan else "echo"
        if plan == "echo":
            self.answer(200, body)
        elif plan == "echo and close":
            self.answer(200, body)
            self.close_connection = True
        elif plan == "break":
            self.close_connection = True
        elif plan in ("cut off", "dribble"):
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"begun")
            while plan == "dribble" and not server.released.wait(0.05):
                self.wfile.write(b".")
        elif plan == "silence":
            server.released.wait(30)
            self.close_connection = True
        else:
            self.answer(plan, b"status %d" % plan)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that gave up is part of the tests


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Handler)
    server.plan, server.requests, server.lock, server.released = [], [], threading.Lock(), threading.Event()
    server.parameters, server.refuse_before_reading = (404, b""), False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def over():
    return threading.Event()


@pytest.fixture
def invocations(server, over, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BEFORE_RETRY", 0.001)
    clients = []

    def make(retries=3, seconds=30, headers=None):
        container = PipelineContainer("primary", ContainerClient(*server.server_address))
        clients.append(container.client)
        return Invocations(lambda: PipelineRequest([container]), headers or {}, seconds, retries, over)

    yield make
    for client in clients:
        client.close()


def bodies(server):
    return [body for _, _, body in server.requests]


def test_payloads_of_one_thread_share_a_connection(server, invocations):
    one = invocations(headers={"Content-Type": "text/csv", "Accept": "application/json"})
    assert [one.send(body) for body in (b"1", b"", b"\xff" * 100_000)] == [b"1", b"", b"\xff" * 100_000]
    assert len({port for port, _, _ in server.requests}) == 1
    headers = server.requests[0][1]
    assert (headers["Content-Type"], headers["Accept"]) == ("text/csv", "application/json")


def test_a_type_that_was_not_given_is_not_made_up(server, invocations):
    invocations().send(b"1")
    assert not {"Content-Type", "Accept"} & set(server.requests[0][1])


def test_blocks_go_as_chunks_and_are_read_anew_for_every_try(server, invocations):
    server.plan = [503, "break"]
    assert invocations().send(lambda: iter([b"a" * 1000, b"b" * 1000])) == b"a" * 1000 + b"b" * 1000
    assert bodies(server) == [b"a" * 1000 + b"b" * 1000] * 3
    assert all(headers["Transfer-Encoding"] == "chunked" for _, headers, _ in server.requests)


def test_input_that_breaks_while_it_is_sent_is_no_broken_connection(server, invocations):
    def blocks():
        yield b"a"
        raise BadInput("it is not sound gzip")

    one = invocations()
    with pytest.raises(BadInput):
        one.send(blocks)
    assert one.send(b"next") == b"next"


@pytest.mark.parametrize("trouble", [[503], [500, 599, 503], ["break"], ["break", 500, "break"]])
def test_what_may_pass_is_tried_again(server, invocations, trouble):
    server.plan = list(trouble)
    assert invocations().send(b"1") == b"1"
    assert len(server.requests) == len(trouble) + 1


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 2), (3, 4)])
def test_retries_come_to_an_end_with_the_last_answer(server, invocations, retries, tries):
    server.plan = [500] * 3 + [503]
    with pytest.raises(InvocationFailed) as failed:
        invocations(retries).send(b"1")
    assert len(server.requests) == tries
    assert (failed.value.status, failed.value.message) == ((503, "status 503") if tries == 4 else (500, "status 500"))


@pytest.mark.parametrize("status", [400, 404, 413, 415, 424, 429, 302])
def test_any_other_answer_is_final(server, invocations, status):
    server.plan = [status]
    with pytest.raises(InvocationFailed) as failed:
        invocations().send(b"1")
    assert (failed.value.status, len(server.requests)) == (status, 1)


def test_a_connection_that_breaks_every_time_is_told(server, invocations):
    server.plan = ["break"] * 10
    with pytest.raises(InvocationFailed, match="the connection broke") as failed:
        invocations(2).send(b"1")
    assert (failed.value.status, len(server.requests)) == (None, 3)


def test_silence_is_told_after_the_timeout_and_tried_again(server, invocations):
    server.plan = ["silence"]
    assert invocations(seconds=0.3).send(b"1") == b"1"
    server.plan = ["silence"] * 2
    with pytest.raises(InvocationFailed, match=r"no answer within 0.2 seconds"):
        invocations(retries=1, seconds=0.2).send(b"1")


def test_an_answer_that_comes_byte_by_byte_has_no_longer_than_any_other(server, invocations):
    server.plan = ["dribble"]
    started = time.monotonic()
    with pytest.raises(InvocationFailed, match=r"no answer within 0.3 seconds"):
        invocations(retries=0, seconds=0.3).send(b"1")
    assert time.monotonic() - started < 4  # all of the answer would take 5


def test_an_answer_that_breaks_off_is_none(server, invocations):
    server.plan = ["cut off"] * 2
    with pytest.raises(InvocationFailed, match="the connection broke"):
        invocations(retries=0).send(b"1")
    client = ContainerClient(*server.server_address)
    reply = client.post("/invocations", b"1", {}, 30)
    parts = reply.parts()
    assert next(parts) == b"begun"
    with pytest.raises(ConnectionError):
        next(parts)
    reply.close()
    client.close()


def test_a_kept_connection_that_was_closed_meanwhile_is_no_failed_try(server, invocations):
    one = invocations(retries=0)
    server.plan = ["echo and close", "echo", "break", "echo"]
    assert [one.send(body) for body in (b"1", b"2", b"3")] == [b"1", b"2", b"3"]


def test_a_server_that_refuses_a_large_body_before_it_has_read_it_is_heard(server, invocations):
    server.refuse_before_reading = True
    one = invocations(retries=0)
    with pytest.raises(InvocationFailed) as failed:
        one.send(b"x" * 30_000_000)
    # Whether the answer comes through before the connection is reset is up to the network; it must not come as a
    # success.
    assert failed.value.status in (413, None)
    server.refuse_before_reading = False
    assert one.send(b"next") == b"next"


def test_a_job_that_is_over_sends_nothing_and_does_not_try_again(server, invocations, over):
    server.plan = [500]
    over.set()
    with pytest.raises(InvocationFailed, match="the job is over"):
        invocations().send(b"1")
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "parameters"),
    [
        ((200, b'{"MaxConcurrentTransforms": 8}'), {"MaxConcurrentTransforms": 8}),
        ((404, b"not found"), {}),
        ((500, b"{}"), {}),
        ((200, b"<html>"), {}),
        ((200, b"[]"), {}),
    ],
)
def test_execution_parameters_are_what_the_container_answers_if_it_answers(server, answer, parameters):
    server.parameters = answer
    assert execution_parameters(*server.server_address) == parameters
