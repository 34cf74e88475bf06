"""`python -m local_test.clean`: remove every container, network and registry volume that this package made, by label."""

import contextlib
import sys

from docker import DockerClient
from docker.errors import NotFound

from local_test.engine import NoEngine, connect
from local_test.labels import NAME, filters, find, remove


def remove_all(client: DockerClient, service: str | None = None) -> list[str]:
    """Remove containers and networks of one service, or of all. Returns their names by label."""
    containers = find(client, service=service)
    for container in containers:
        remove(container)
    networks = client.networks.list(filters=filters(service=service))
    for network in networks:
        with contextlib.suppress(NotFound):  # whoever made it may be removing it, too
            network.remove()
    return [container.labels[NAME] for container in containers] + [network.name for network in networks]


def remove_registries(client: DockerClient) -> list[str]:
    """Remove the volumes with the images that were pushed. Returns their names."""
    volumes = client.volumes.list(filters=filters())
    for volume in volumes:
        volume.remove(force=True)
    return [volume.name for volume in volumes]


def main() -> int:
    try:
        client = connect()
        for name in remove_all(client) + remove_registries(client):
            print(f"removed {name}")
    except (NoEngine, OSError) as error:
        print(f"error: nothing more was removed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
