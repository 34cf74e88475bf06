"""Every container this package starts carries these labels; finding and removing them goes by label, never by name."""

from docker import DockerClient
from docker.models.containers import Container

OWNED = "local-sagemaker"  # the value says what the container is: TRAINING or ENDPOINT
NAME = "local-sagemaker.name"

TRAINING = "training-job"
ENDPOINT = "endpoint"


def labels(kind: str, name: str) -> dict[str, str]:
    return {OWNED: kind, NAME: name}


def find(client: DockerClient, kind: str | None = None, running_only: bool = False) -> list[Container]:
    """Containers of this package, newest first; all kinds without `kind`."""
    wanted = f"{OWNED}={kind}" if kind else OWNED
    return client.containers.list(all=not running_only, filters={"label": wanted})
