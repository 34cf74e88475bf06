"""Ten thousand bodies that nobody should send, at the real container: no 5xx, no restart, no growth."""

import http.client
import itertools
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.container_memory import used_memory
from tests.hostile.bodies import hostile_bodies

COUNT, WARM_UP, CONNECTIONS = 10_000, 2_000, 8
# bytes between warm-up and end; a JVM and malloc's arenas fill up slowly, a leak of a picture each would be gigabytes
GROWTH = 200_000_000
SERVERS = ("python", "java", "nginx")


def processes(container) -> dict[str, str]:
    """Program by process id, of the servers alone."""
    top = container.top(ps_args="-eo pid,comm")
    return {pid: name for pid, name in top["Processes"] if name.startswith(SERVERS)}


class Client:
    """One connection that is kept alive, and opened again where the server has closed it."""

    def __init__(self, url: str):
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def send(self, content_type: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type, body of the answer."""
        for last in (False, True):
            try:
                self._connection.request("POST", "/invocations", body, {"Content-Type": content_type.encode("latin-1")})
                answer = self._connection.getresponse()
                return answer.status, answer.headers.get("Content-Type", ""), answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # an idle connection that the server has just closed; on a new one it must not happen
                self._connection.close()
                if last:
                    raise

    def close(self) -> None:
        self._connection.close()


def problems_of(url: str, bodies: list[tuple[str, bytes]]) -> tuple[Counter, list[str]]:
    """How often each status came, and what was wrong with answers."""
    client, statuses, problems = Client(url), Counter(), []
    try:
        for content_type, body in bodies:
            status, answered, answer = client.send(content_type, body)
            statuses[status] += 1
            if status == 200:
                continue
            try:
                error = json.loads(answer)["error"]
                in_shape = (
                    error["status"] == status
                    and error["message"].endswith(".")
                    and "Traceback" not in error["message"]
                    and error.keys() == {"status", "message"}
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                in_shape = False
            if status >= 500 or not in_shape or not answered.startswith("application/json"):
                problems.append(
                    f"{status} {answer[:200]!r} for {content_type[:60]!r} {body[:60]!r} ({len(body)} bytes)"
                )
    finally:
        client.close()
    return statuses, problems


@pytest.fixture
def endpoint(serve):
    with serve(environment={"DOGBREED_TOP_K": "2"}) as running:
        yield running


def test_ten_thousand_hostile_bodies_are_answered_by_the_same_processes_in_the_same_memory(endpoint):
    bodies = hostile_bodies(COUNT, seed=7)
    before = processes(endpoint.container)
    assert {name.rstrip("0123456789.") for name in before.values()} == set(SERVERS)
    statuses, problems = Counter(), []
    with ThreadPoolExecutor(CONNECTIONS) as pool:

        def send(count: int) -> None:
            part = list(itertools.islice(bodies, count))
            for found, wrong in pool.map(
                lambda number: problems_of(f"http://127.0.0.1:{endpoint.port}", part[number::CONNECTIONS]),
                range(CONNECTIONS),
            ):
                statuses.update(found)
                problems.extend(wrong)

        send(WARM_UP)
        memory = used_memory(endpoint.container)
        for _ in range((COUNT - WARM_UP) // WARM_UP):
            send(WARM_UP)
    growth = used_memory(endpoint.container) - memory
    print(f"statuses {dict(statuses)}, growth {growth / 1e6:.0f} MB")
    assert statuses.total() == COUNT
    assert not problems, "\n".join(problems[:20])
    assert processes(endpoint.container) == before
    assert growth < GROWTH
