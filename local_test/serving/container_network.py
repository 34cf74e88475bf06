"""The network of a serving container: how this process reaches its port, and what EnableNetworkIsolation leaves of it.

https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html
"""

import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from docker import DockerClient
from docker.models.containers import Container
from docker.models.networks import Network

from local_test.host.engine import reaches_containers
from local_test.host.isolation.network_namespace import NetworkNamespace, answers_only, hold
from local_test.host.labels import remove_network


def publication(client: DockerClient, port: int) -> dict[str, Any]:
    """What a container is created with so that `address` finds its port: nothing where this process reaches the
    container's own address, else its publication on 127.0.0.1.

    Before version 28 the engine lets hosts of the neighbourhood reach what is published there (moby issue 45610).
    """
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


@dataclass(frozen=True)
class IsolatedNetwork:
    """A network of one container's own, on which it answers and does nothing else. The container joins `namespace`."""

    network: Network
    namespace: NetworkNamespace

    def remove(self) -> None:
        """To be called when the model's container is gone."""
        with ExitStack() as undo:
            undo.callback(remove_network, self.network)
            undo.callback(self.namespace.remove)


def isolate(engine: DockerClient, port: int, labels: dict[str, str]) -> IsolatedNetwork:
    """A network with one namespace in it, which only answers on `port`.

    Raises IsolationFailed, ImageNotBuilt, and docker's APIError; then nothing of it is left.
    """
    published = publication(engine, port)
    name = f"local-sagemaker-isolated-{uuid.uuid4().hex[:12]}"
    network = engine.networks.create(
        name, driver="bridge", internal=not published, labels=labels
    )  # an internal one publishes nothing
    try:
        return IsolatedNetwork(network, hold(engine, answers_only(port), labels, network=network.id, **published))
    except BaseException:
        remove_network(network)
        raise
