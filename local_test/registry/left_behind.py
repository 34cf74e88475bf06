"""What the registry of a service leaves with the engine and with the docker command: names of images, and a login."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, ImageNotFound


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
