"""The Docker engine: where it listens and what it offers."""

import os
from functools import cache

import docker
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.types import DeviceRequest


CONNECTIONS = 200


class NoEngine(RuntimeError):
    """No Docker engine answers; the message says what to do."""


def connect() -> docker.DockerClient:
    """A client of the engine at DOCKER_HOST, else at the current context's address (without a context's own TLS files).

    Docker Desktop listens where its context says, not at /var/run/docker.sock. Raises NoEngine.
    """
    try:
        context = ContextAPI.get_current_context()
        where = {} if "DOCKER_HOST" in os.environ or context is None else {"base_url": context.Host}
        # Every log that is followed keeps a connection.
        client = docker.DockerClient(**where, max_pool_size=CONNECTIONS) if where else docker.from_env(max_pool_size=CONNECTIONS)
        client.ping()
    except DockerException as error:
        raise NoEngine(f"No Docker engine answers ({error}). Start Docker Desktop, or run `make engine`.") from error
    return client


@cache
def gpu_requests(client: docker.DockerClient) -> list[DeviceRequest]:
    """All GPUs when the engine can hand them to a container, else none.

    The NVIDIA container toolkit shows up as a runtime, or as CDI devices on newer engines.
    """
    info = client.info()
    devices = [device.get("ID", "") for device in info.get("DiscoveredDevices") or []]
    if "nvidia" in info.get("Runtimes", {}) or any(device.startswith("nvidia.com/gpu") for device in devices):
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return []


@cache
def memory(client: docker.DockerClient) -> int:
    """Bytes of memory that the engine has for its containers."""
    return client.info()["MemTotal"]


@cache
def cores(client: docker.DockerClient) -> tuple[int, ...]:
    """Numbers of the processor cores that the engine has for its containers.

    It tells how many there are. Where this process may use as many, they are those: inside another container they need not
    begin at 0.
    """
    count = client.info()["NCPU"]
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []  # macOS has no such call
    return tuple(ours) if len(ours) == count else tuple(range(count))


@cache
def is_virtual_machine(client: docker.DockerClient) -> bool:
    """Whether the engine has a kernel of its own (Docker Desktop): named pipes and container addresses then do not reach it."""
    return "Docker Desktop" in client.info().get("OperatingSystem", "")
