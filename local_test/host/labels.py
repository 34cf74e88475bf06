"""Every container, network and volume of this package carries these labels; finding and removing them goes by label,
never by name.
"""

import contextlib
import time

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.networks import Network

# The value says what it is: TRAINING, PROCESSING, ENDPOINT, COMPONENT, TRANSFORM, REGISTRY, NAMESPACE or PROBE.
OWNED = "local-sagemaker"
NAME = "local-sagemaker.name"
SERVICE = "local-sagemaker.service"  # which service of this machine started it

TRAINING = "training-job"
PROCESSING = "processing-job"
ENDPOINT = "endpoint"
COMPONENT = "inference-component"
TRANSFORM = "transform-job"
REGISTRY = "registry"
NAMESPACE = "network-namespace"  # of an isolated job or endpoint
PROBE = "probe"  # a container that never starts: what the engine can mount

SECONDS_TO_LEAVE = 10  # for containers, a network that is to be removed
SECONDS_BETWEEN_LOOKS = 0.05


def labels(kind: str, name: str, service: str = "") -> dict[str, str]:
    return {OWNED: kind, NAME: name, SERVICE: service}


def filters(kind: str | None = None, service: str | None = None) -> dict[str, list[str]]:
    """What the engine's list calls take as `filters`."""
    wanted = [f"{OWNED}={kind}" if kind else OWNED]
    if service is not None:
        wanted.append(f"{SERVICE}={service}")
    return {"label": wanted}


def find(client: DockerClient, kind: str | None = None, service: str | None = None) -> list[Container]:
    """Containers of this package, running or not, newest first; of all kinds and services unless named."""
    return client.containers.list(all=True, filters=filters(kind, service), ignore_removed=True)


def remove(container: Container) -> None:
    """Remove a container, running or not. It is gone when this returns, also when somebody else was removing it
    already.
    """
    try:
        container.remove(force=True, v=True)
    except NotFound:
        pass
    except APIError as error:
        if error.status_code != 409:  # "removal of container ... is already in progress"
            raise
        with contextlib.suppress(NotFound):
            container.wait(condition="removed")


def remove_network(network: Network) -> None:
    """Remove a network of this package, with the containers of the same service that are still in it. It is gone when
    this returns.

    A container that is being removed, or was started a moment ago, keeps it from being removed. Raises APIError when
    what keeps it is not ours, or stays."""
    deadline = time.monotonic() + SECONDS_TO_LEAVE
    while True:
        try:
            network.remove()
            return
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 403 or time.monotonic() > deadline:  # "has active endpoints"
                raise
        if not _remove_members(network):
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _remove_members(network: Network) -> bool:
    """Whether any of the service's containers was in it."""
    try:
        network.reload()
        members = [
            network.client.containers.get(one) for one in network.attrs["Containers"] if not one.startswith("ep-")
        ]
    except NotFound:  # the network, or one of them, has gone meanwhile
        return True
    ours = [
        one
        for one in members
        if OWNED in one.labels and one.labels.get(SERVICE) == network.attrs["Labels"].get(SERVICE)
    ]
    for container in ours:
        remove(container)
    return bool(ours)
