"""`python -m local_test.clean`: remove what the service of a folder made: containers, networks, pushed images. By label.

`--all` removes what every service on this machine made, also of folders that are gone.
"""

import argparse
import contextlib
import sys
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, NotFound

from local_test.engine import NoEngine, connect
from local_test.labels import NAME, filters, find, remove
from local_test.service_address import service_name


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


def remove_pushed_images(client: DockerClient, service: str | None = None) -> list[str]:
    """Remove the volumes of the registries of one service, or of all. Returns their names."""
    volumes = client.volumes.list(filters=filters(service=service))
    for volume in volumes:
        volume.remove(force=True)
    return [volume.name for volume in volumes]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local_test.clean", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("out/local"), help="of the service; default: out/local")
    parser.add_argument("--all", action="store_true", help="of every service on this machine")
    chosen = parser.parse_args(arguments)
    service = None if chosen.all else service_name(chosen.folder)
    try:
        client = connect()
        for name in remove_all(client, service) + remove_pushed_images(client, service):
            print(f"removed {name}")
    except (NoEngine, APIError, OSError) as error:
        print(f"error: nothing more was removed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
