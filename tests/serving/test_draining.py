"""SIGTERM: nothing new, what is under way is finished, and the end comes within the platform's 30 seconds."""

import http.client
import json
import socket
import threading
import time
from collections import Counter

import pytest

from tests.serving.conftest import SLEEPING, exited, wait_for


def test_what_is_under_way_is_finished_and_nothing_new_is_taken(serve, model_folder, picture):
    with serve(model_folder({"code/inference.py": SLEEPING})) as served:
        answers = []
        under_way = threading.Thread(target=lambda: answers.append(served.invoke(b"4", "text/plain")))
        under_way.start()
        wait_for(lambda: b"Writing: 2" in served.container.exec_run(["python", "-c", CONNECTIONS]).output, 10)
        began = time.monotonic()
        served.container.kill("SIGTERM")
        wait_for(lambda: served.ping() == 503, 2)
        refused = served.invoke(b"0", "text/plain")
        assert refused.status == 503 and refused.headers["retry-after"] == "1" and refused.error
        under_way.join()
        assert [(one.status, one.body) for one in answers] == [(200, b"4.0")]
        wait_for(lambda: exited(served.container), 20)
        assert served.container.attrs["State"]["ExitCode"] == 0 and time.monotonic() - began < 15


CONNECTIONS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8083/connections').read().decode())"


def test_under_load_every_request_that_was_taken_is_answered(serve, picture):
    """Sixteen clients on kept connections: each request gets 200, or 503 with Retry-After, or was never taken."""
    with serve() as served:
        served.container.reload()
        # Past the engine's own proxy, which takes connections for a port that nobody listens on any more.
        [network] = served.container.attrs["NetworkSettings"]["Networks"].values()
        address = (network["IPAddress"], 8080)
        try:
            socket.create_connection(address, 2).close()
        except OSError:
            pytest.skip("containers of this engine cannot be reached from here but by their published ports")
        outcomes, stop = Counter(), threading.Event()

        def client():
            connection = http.client.HTTPConnection(*address, timeout=60)
            while not stop.is_set():
                outcome = one_request(connection, picture)
                outcomes[outcome] += 1
                if outcome == NOT_TAKEN:
                    connection.close()
                    time.sleep(0.01)

        clients = [threading.Thread(target=client) for _ in range(16)]
        for one in clients:
            one.start()
        wait_for(lambda: outcomes[200, None] > 100, 60)
        began = time.monotonic()
        served.container.kill("SIGTERM")
        wait_for(lambda: exited(served.container), 30)
        seconds = time.monotonic() - began
        stop.set()
        for one in clients:
            one.join()
        assert served.container.attrs["State"]["ExitCode"] == 0 and seconds < 30
        assert set(outcomes) <= {(200, None), (503, "1"), NOT_TAKEN}, outcomes
        [counted] = [json.loads(line) for line in served.log.splitlines() if line.startswith('{"_aws"')]
        answered = {"Requests2XX": outcomes[200, None], "Requests5XX": outcomes[503, "1"]}
        assert {
            name: counted.get(name, 0) for name in answered
        } == answered  # what nginx answered is what the clients got


NOT_TAKEN = "not taken"


def one_request(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, str | None] | str:
    """Status and Retry-After; or that the server was gone, or closed the connection, before it read the request."""
    try:
        if connection.sock is None:
            connection.connect()
    except OSError:
        return NOT_TAKEN
    try:
        connection.request("POST", "/invocations", body, {"Content-Type": "image/jpeg"})
        response = connection.getresponse()
    except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
        return NOT_TAKEN
    try:
        return response.status, (response.read(), response.headers.get("Retry-After"))[1]
    except (http.client.HTTPException, OSError) as error:
        return f"broken off: {error!r}"
