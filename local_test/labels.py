"""Every container, network and volume of this package carries these labels; finding and removing them goes by label, never by name."""

import contextlib

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

OWNED = "local-sagemaker"  # the value says what it is: TRAINING, ENDPOINT, TRANSFORM or REGISTRY
NAME = "local-sagemaker.name"
SERVICE = "local-sagemaker.service"  # which service of this machine started it

TRAINING = "training-job"
ENDPOINT = "endpoint"
TRANSFORM = "transform-job"
REGISTRY = "registry"


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
    """Remove a container, running or not. It is gone when this returns, also when somebody else was removing it already."""
    try:
        container.remove(force=True, v=True)
    except NotFound:
        pass
    except APIError as error:
        if error.status_code != 409:  # "removal of container ... is already in progress"
            raise
        with contextlib.suppress(NotFound):
            container.wait(condition="removed")
