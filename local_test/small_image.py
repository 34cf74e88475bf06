"""The image of the registry, built when it is not there: under a minute, once."""

import hashlib
import subprocess
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, BuildError, ImageNotFound

HERE = Path(__file__).parent
BASE = HERE.parents[1] / "docker" / "debian_base.sh"
INGREDIENTS = ("Dockerfile", "config.yml", "start.sh")


class RegistryError(RuntimeError):
    """The registry cannot be had; the message says why, and what to do."""


def registry_image(client: DockerClient) -> str:
    """Name and tag of the image; the tag is the hash of what it is made from. Raises RegistryError."""
    content = hashlib.sha256(b"\0".join((HERE / name).read_bytes() for name in INGREDIENTS)).hexdigest()[:12]
    image = f"local-sagemaker-registry:{content}"
    try:
        client.images.get(image)
    except ImageNotFound:
        _build(client, image)
    return image


def _build(client: DockerClient, image: str) -> None:
    try:
        base = subprocess.run([BASE], check=True, capture_output=True, text=True).stdout.strip()
        arguments = {"BASE_IMAGE": base}
        client.images.build(path=str(HERE), tag=image, buildargs=arguments, platform="linux/amd64", rm=True, forcerm=True)
    except subprocess.CalledProcessError as error:
        raise RegistryError(f"The registry's image needs a Debian base image: {error.stderr.strip()[-500:]}") from error
    except APIError as error:
        raise RegistryError(f"The registry's image could not be built: {error.explanation or error}") from error
    except BuildError as error:
        said = "".join(line.get("stream", "") for line in error.build_log).strip()
        raise RegistryError(f"The registry's image could not be built: {error}. The build said: {said[-500:]}") from error
