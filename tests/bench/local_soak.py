"""Two hundred jobs and ten thousand invocations in a row: what the local SageMaker leaves behind, and its memory."""

import http.client
import os
from collections.abc import Callable
from datetime import UTC, datetime

import psutil
from docker import DockerClient

from local_test.api.sigv4 import sign
from local_test.host.labels import filters, find
from tests.bench.figures import Figure, figure
from tests.local_service import Local

JOBS, INVOCATIONS = 200, 10_000
WARM_UP = 0.1  # of them come before the memory is looked at for the first time
BODY_BYTES = 100_000
MOST_GROWTH = 1.1


def soak_figures(local: Local, engine: DockerClient, endpoint: str, run_jobs: Callable[[int], None]) -> list[Figure]:
    """run_jobs: run so many training jobs to their ends. endpoint: in service. Raises AssertionError when a container,
    network or volume of a job is left.
    """
    service = psutil.Process(local.address.pid)
    before = left_behind(engine, local.address.name)
    run_jobs(int(JOBS * WARM_UP))
    memory = service.memory_info().rss
    run_jobs(int(JOBS * (1 - WARM_UP)))
    after_jobs = service.memory_info().rss
    invoke(local, endpoint, int(INVOCATIONS * WARM_UP))
    warm = service.memory_info().rss
    invoke(local, endpoint, int(INVOCATIONS * (1 - WARM_UP)))
    after_invocations = service.memory_info().rss
    left = set(left_behind(engine, local.address.name)) - set(before)
    assert not left, f"The jobs left {left} in the engine."
    megabyte = 1e6
    return [
        figure(
            f"memory of the service after {JOBS} jobs",
            [after_jobs / megabyte],
            memory / megabyte,
            f"after the first {JOBS * WARM_UP:.0f}",
            "MB",
            MOST_GROWTH,
        ),
        figure(
            f"memory after {INVOCATIONS:,} invocations",
            [after_invocations / megabyte],
            warm / megabyte,
            f"after the first {INVOCATIONS * WARM_UP:,.0f}",
            "MB",
            MOST_GROWTH,
        ),
    ]


def left_behind(engine: DockerClient, service: str) -> list[str]:
    """Ids of the containers, networks and volumes that the service has in the engine."""
    wanted = filters(service=service)
    networks, volumes = engine.networks.list(filters=wanted), engine.volumes.list(filters=wanted)
    return [one.id for one in (*find(engine, service=service), *networks, *volumes)]


def invoke(local: Local, endpoint: str, times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", local.address.port)
    target, host = f"/endpoints/{endpoint}/invocations", {"host": f"127.0.0.1:{local.address.port}"}
    for number in range(times):
        if number % 1000 == 0:  # a signature ends
            body = os.urandom(BODY_BYTES)
            now = datetime.now(UTC)
            signed = sign("POST", target, host, body, local.key.id, local.key.secret, "us-east-1", "sagemaker", now)
        connection.request("POST", target, body, {"Content-Type": "image/jpeg", **signed})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
