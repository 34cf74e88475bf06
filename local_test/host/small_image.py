"""Small images that the service itself needs beside the user's, built when they are not there: under a minute, once."""

import hashlib
import os
import subprocess
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, BuildError, ImageNotFound

from local_test.host.container_proxies import build_arguments

_INSTALLED = Path(__file__).with_name("base_image")  # pyproject.toml puts it there; else this is a clone
BASE = (_INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2] / "docker") / "debian_base.sh"
PIN = BASE.with_name("base.pin")


class ImageNotBuilt(RuntimeError):
    """The image cannot be had; the message says why, and what to do."""


def small_image(client: DockerClient, name: str, folder: Path, ingredients: tuple[str, ...]) -> str:
    """Name and tag of the image that `folder`'s Dockerfile makes; the tag is the hash of its ingredients (file names in
    the folder), and of the pin of the base: a base with newer security fixes makes another.

    Raises ImageNotBuilt.
    """
    content = hashlib.sha256(
        b"\0".join([*((folder / one).read_bytes() for one in ingredients), PIN.read_bytes()])
    ).hexdigest()[:12]
    image = f"{name}:{content}"
    try:
        client.images.get(image)
    except ImageNotFound:
        _build(client, image, folder)
    return image


def _build(client: DockerClient, image: str, folder: Path) -> None:
    try:
        base = subprocess.run([BASE], check=True, capture_output=True, text=True).stdout.strip()
        client.images.build(
            path=str(folder),
            tag=image,
            buildargs={"BASE_IMAGE": base, **build_arguments(os.environ)},
            use_config_proxy=False,  # they are among the arguments
            platform="linux/amd64",
            rm=True,
            forcerm=True,
        )
    except subprocess.CalledProcessError as error:
        raise ImageNotBuilt(f"{image} needs a Debian base image: {error.stderr.strip()[-500:]}") from error
    except APIError as error:
        raise ImageNotBuilt(f"{image} could not be built: {error.explanation or error}") from error
    except BuildError as error:
        said = "".join(line.get("stream", "") for line in error.build_log).strip()
        raise ImageNotBuilt(f"{image} could not be built: {error}. The build said: {said[-500:]}") from error
