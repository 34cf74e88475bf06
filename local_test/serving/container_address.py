"""How this process reaches a port of a container: at the container's own address where it can, else as published on
127.0.0.1.

Before version 28 the engine lets hosts of the neighbourhood reach what is published on 127.0.0.1 (moby issue 45610).
"""

from docker import DockerClient
from docker.models.containers import Container

from local_test.host.engine import reaches_containers


def publication(client: DockerClient, port: int) -> dict:
    """What a container is created with so that `address` finds its port: nothing, or its publication."""
    return {} if reaches_containers(client) else {"ports": {f"{port}/tcp": ("127.0.0.1", None)}}


def address(container: Container, port: int) -> tuple[str, int] | None:
    """Host and port to connect to; None while the container has no address, because it does not run."""
    container.reload()
    key = f"{port}/tcp"
    if key in (container.attrs["HostConfig"].get("PortBindings") or {}):
        bindings = container.ports.get(key)
        return ("127.0.0.1", int(bindings[0]["HostPort"])) if bindings else None
    addresses = [
        one["IPAddress"] for one in container.attrs["NetworkSettings"]["Networks"].values() if one["IPAddress"]
    ]
    return (addresses[0], port) if addresses else None
