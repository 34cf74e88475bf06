"""`python -m tests.bench.soak --serve-image IMAGE [--minutes 30] [--data FOLDER_OR_ZIP]`: the serve container, long
under full load.

Sixteen connections send photographs, and 2% bodies that are hostile. Prints a line a minute; at the end the answers by
status and how fast memory grew in the second half. Exits 1 when a request was answered 5xx or not at all, or when
memory grew faster than MAX_SLOPE."""

import argparse
import http.client
import os
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker import DockerClient
from docker.models.containers import Container
from docker.types import Mount

from local_test.demo.data_folder import data_folder
from local_test.host.engine import connect
from local_test.host.labels import labels, remove
from tests.bench.drawn_data import drawn
from tests.container_memory import used_memory
from tests.hostile.bodies import hostile_bodies
from tests.local_service import until

ROOT = Path(__file__).parents[2]
CONNECTIONS = 16
PHOTOGRAPHS = 200  # different ones
BAD_SHARE = 0.02
SAMPLE_EVERY = 10.0  # seconds
MAX_SLOPE = 60.0  # MB/hour: over 15 minutes the samples' own scatter of 10 MB looks like up to 30
NO_ANSWER = "no answer"


def main() -> int:
    parser = argparse.ArgumentParser(description="Load the serve container for a long time.")
    parser.add_argument("--serve-image", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--data", type=Path, help="folder or zip of pictures; default: some that are drawn")
    chosen = parser.parse_args()
    Path("out").mkdir(exist_ok=True)
    folder = data_folder(chosen.data, Path("out/data")) if chosen.data else drawn(Path("out/data/bench"))
    photographs = [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))]
    photographs = random.Random(0).sample(photographs, min(PHOTOGRAPHS, len(photographs)))
    with serving(connect(), chosen.serve_image, folder) as (container, address):
        statuses, samples = soak(container, address, photographs, chosen.minutes * 60)
    slope = megabytes_an_hour(samples[len(samples) // 2 :])
    answered = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items(), key=str))
    print(f"answers by status: {answered}")
    print(f"memory in the second half: {slope:+.1f} MB/hour (at most {MAX_SLOPE:g})")
    failed = statuses[NO_ANSWER] + sum(
        count for status, count in statuses.items() if status != NO_ANSWER and status >= 500
    )
    return 1 if failed or slope > MAX_SLOPE else 0


@contextmanager
def serving(engine: DockerClient, image: str, data: Path) -> Iterator[tuple[Container, str]]:
    """A container of `image` that serves the serving bench's model, and its address, host:port."""
    programs = ROOT / "tests/bench/serving"
    with tempfile.TemporaryDirectory(prefix="soak-", dir=Path("out").resolve()) as folder:
        engine.containers.run(
            image,
            ["/bench/random_model.py", "/data", "/model"],
            entrypoint=["python"],
            network_mode="none",
            remove=True,
            labels=labels("bench", "random-model"),
            user=f"{os.getuid()}:{os.getgid()}",
            mounts=[
                Mount("/bench", str(programs), type="bind", read_only=True),
                Mount("/data", str(data.resolve()), type="bind", read_only=True),
                Mount("/model", folder, type="bind"),
            ],
        )
        container = engine.containers.run(
            image,
            ["serve"],
            labels=labels("bench", "soak"),
            detach=True,
            ports={"8080/tcp": ("127.0.0.1", None)},
            mounts=[Mount("/opt/ml/model", folder, type="bind", read_only=True)],
        )
        try:
            until(lambda: container.reload() or container.status == "exited" or container.ports.get("8080/tcp"))
            assert container.status == "running", container.logs().decode()
            address = f"127.0.0.1:{container.ports['8080/tcp'][0]['HostPort']}"
            until(lambda: answers(address), 300)
            yield container, address
        finally:
            remove(container)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/ping", timeout=5) as answer:
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False


def soak(
    container: Container, address: str, photographs: list[bytes], seconds: float
) -> tuple[Counter, list[tuple[float, float]]]:
    """Answers by status; memory as (seconds since the start, MB), one sample every SAMPLE_EVERY."""
    statuses, samples, started, over = Counter(), [], time.monotonic(), threading.Event()
    counting = threading.Lock()

    def load(number: int) -> None:
        connection = http.client.HTTPConnection(address, timeout=60)
        for content_type, body in bodies(photographs, number):
            if over.is_set():
                break
            status = send(connection, content_type, body)
            with counting:
                statuses[status] += 1
        connection.close()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    next_line = 60.0
    try:
        while (passed := time.monotonic() - started) < seconds:
            samples.append((passed, used_memory(container) / 1e6))
            if passed >= next_line:
                with counting:
                    total = statuses.total()
                print(
                    f"minute {passed / 60:.0f}: {total} requests, {total / passed:.0f}/s, {samples[-1][1]:.0f} MB",
                    flush=True,
                )
                next_line += 60
            over.wait(max(0, min(SAMPLE_EVERY * len(samples), seconds) - (time.monotonic() - started)))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return statuses, samples


def bodies(photographs: list[bytes], number: int) -> Iterator[tuple[str, bytes]]:
    """Without end, and other ones on each connection."""
    source, hostile = random.Random(number), hostile_bodies(10**9, seed=number)
    while True:
        yield next(hostile) if source.random() < BAD_SHARE else ("image/jpeg", source.choice(photographs))


def send(connection: http.client.HTTPConnection, content_type: str, body: bytes) -> int | str:
    """The answer's status. An idle connection that the server has closed is opened once more."""
    for _ in range(2):
        try:
            connection.request("POST", "/invocations", body, {"Content-Type": content_type.encode("latin-1")})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
    return NO_ANSWER


def megabytes_an_hour(samples: list[tuple[float, float]]) -> float:
    """Slope of the line of least squares through (seconds, MB); 0 where there are too few samples for one."""
    if len(samples) < 2:
        return 0.0
    mean_time, mean_memory = (sum(values) / len(samples) for values in zip(*samples, strict=True))
    spread = sum((when - mean_time) ** 2 for when, _ in samples)
    return 3600 * sum((when - mean_time) * (memory - mean_memory) for when, memory in samples) / spread


if __name__ == "__main__":
    sys.exit(main())
