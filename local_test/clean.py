"""`python -m local_test.clean`: remove what the service of a folder made: containers, networks, pushed images and their
names, the login at its registry.

    python -m local_test.clean --list              which services have what here, also of folders that are gone
    python -m local_test.clean --service NAME      what that one made, by its label

An engine may serve several people and folders: nothing of another service is removed unless it is named.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from local_test import service_address
from local_test.host.engine import NoEngine, connect
from local_test.host.error_words import in_words
from local_test.host.identity import read_identity
from local_test.host.labels import NAME, OWNED, REGISTRY, SERVICE, filters, find, remove, remove_network


def remove_all(client: DockerClient, service: str) -> list[str]:
    """Remove containers, networks and jobs' volumes of one service. Returns their names by label.

    What is pushed to its registry stays.
    """
    containers = find(client, service=service)
    for container in containers:
        remove(container)
    networks = client.networks.list(filters=filters(service=service))
    for network in networks:
        remove_network(network)
    for volume in client.volumes.list(filters=filters(service=service)):
        if volume.attrs["Labels"][OWNED] != REGISTRY:
            volume.remove(force=True)
    return [container.labels[NAME] for container in containers] + [network.name for network in networks]


def remove_pushed_images(client: DockerClient, service: str) -> list[str]:
    """Remove the volumes of one service's registry. Returns their names."""
    volumes = client.volumes.list(filters=filters(service=service))
    for volume in volumes:
        volume.remove(force=True)
    return [volume.name for volume in volumes]


def remove_names(client: DockerClient, host: str) -> list[str]:
    """Take the names that images have in the registry from the engine's images. Returns them.

    An image that has no other name goes with its last one. host: of the registry, '127.0.0.1:PORT'."""
    removed = []
    for image in client.images.list():
        names = [*image.tags, *(image.attrs.get("RepoDigests") or [])]
        for name in (one for one in names if one.startswith(f"{host}/")):
            try:
                client.images.remove(name)
                removed.append(name)
            except ImageNotFound:  # a digest goes with the last tag of its repository
                pass
            except APIError as error:
                if error.status_code != 409:  # a container of somebody else's uses it
                    raise
    return removed


def remove_login(host: str, environ: Mapping[str, str]) -> bool:
    """Whether the docker command knew the registry's password, and has forgotten it now.

    https://docs.docker.com/reference/cli/docker/#configuration-files; a helper may keep the password itself.
    """
    folder = environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
    try:
        logins = json.loads((Path(folder) / "config.json").read_text()).get("auths", {})
    except (OSError, ValueError):
        return False
    if not any(one.removeprefix("http://").rstrip("/") == host for one in logins):
        return False
    return subprocess.run(["docker", "logout", host], capture_output=True, env=dict(environ)).returncode == 0


def inventory(client: DockerClient) -> dict[str, list[str]]:
    """What is on this machine by the name of the service that made it."""
    found: dict[str, list[str]] = {}
    for container in find(client):
        found.setdefault(container.labels[SERVICE], []).append(f"container {container.labels[NAME]}")
    for kind, made in (
        ("network", client.networks.list(filters=filters())),
        ("volume", client.volumes.list(filters=filters())),
    ):
        for one in made:
            found.setdefault((one.attrs["Labels"] or {}).get(SERVICE, ""), []).append(f"{kind} {one.name}")
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m local_test.clean", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("out/local"), help="of the service; default: out/local")
    parser.add_argument("--service", help="name of another one, as --list prints it")
    parser.add_argument("--list", action="store_true", help="remove nothing; list the services and what they have made")
    args = parser.parse_args(arguments)
    try:
        client = connect()
        if args.list:
            for service, made in sorted(inventory(client).items()):
                print(f"{service}: {', '.join(made)}")
            return 0
        identity = read_identity(args.folder)
        service = args.service or (identity.name if identity else "")
        if not service:
            print(
                f"{args.folder} never had a local SageMaker: there is nothing of it to remove. Of others: python -m "
                "local_test.clean --list"
            )
            return 0
        for name in remove_all(client, service) + remove_pushed_images(client, service):
            print(f"removed {name}")
        address = None if args.service else service_address.read(args.folder)
        if address and address.registry_port:
            host = f"127.0.0.1:{address.registry_port}"
            for name in remove_names(client, host):
                print(f"removed {name}")
            if remove_login(host, os.environ):
                print(f"removed the login at {host}")
    except (NoEngine, APIError, OSError) as error:
        print(f"error: nothing more was removed: {in_words(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
