"""The Docker engine: where it listens and what it offers."""

import os

import docker
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.types import DeviceRequest


class NoEngine(RuntimeError):
    """No Docker engine answers; the message says what to do."""


def connect() -> docker.DockerClient:
    """A client of the engine at DOCKER_HOST, else at the current context's address (without a context's own TLS files).

    Docker Desktop listens where its context says, not at /var/run/docker.sock. Raises NoEngine.
    """
    try:
        context = ContextAPI.get_current_context()
        client = docker.from_env() if "DOCKER_HOST" in os.environ or context is None else docker.DockerClient(context.Host)
        client.ping()
    except DockerException as error:
        raise NoEngine(f"No Docker engine answers ({error}). Start Docker Desktop, or run `make engine`.") from error
    return client


def gpu_requests(client: docker.DockerClient) -> list[DeviceRequest]:
    """All GPUs when the engine can hand them to a container, else none.

    The NVIDIA container toolkit shows up as a runtime, or as CDI devices on newer engines.
    """
    info = client.info()
    devices = [device.get("ID", "") for device in info.get("DiscoveredDevices") or []]
    if "nvidia" in info.get("Runtimes", {}) or any(device.startswith("nvidia.com/gpu") for device in devices):
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return []
