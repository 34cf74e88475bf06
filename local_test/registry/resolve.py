"""Which image of the engine an image URI in a request means."""

import re
from dataclasses import dataclass, replace

from docker import DockerClient
from docker.errors import ImageNotFound
from docker.models.images import Image

from local_test.host.command import COMMAND
from local_test.host.emulator_settings import NoSuchImage
from local_test.registry.ecr import LocalRegistry
from local_test.registry.registry_api import RegistryApi

# https://docs.docker.com/reference/cli/docker/image/tag/: a first part with a dot or a colon, or `localhost`, is a
# host.
REFERENCE = re.compile(
    r"(?:(?P<host>localhost|[\w-]*[.:][\w.:-]*)/)?"
    r"(?P<repository>[a-z0-9][a-z0-9._/-]*?)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w][\w.-]{0,127}))?"
)
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-ipv6.html, and FIPS.
ECR_HOST = re.compile(r"\d{12}\.dkr(?:\.ecr|\.ecr-fips|-ecr)\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)")
LOOPBACK = ("127.0.0.1", "localhost")
LATEST = "latest"  # what no tag means to AWS, as to every client of a registry
ARCHITECTURE = "amd64"  # of the instances that are run here


@dataclass(frozen=True)
class ImageReference:
    """host: '' for a bare name. version: a tag, or 'sha256:...'."""

    host: str
    repository: str
    version: str

    @property
    def is_ecr(self) -> bool:
        return ECR_HOST.fullmatch(self.host) is not None

    @property
    def is_digest(self) -> bool:
        return self.version.startswith("sha256:")

    def __str__(self) -> str:
        """As the engine's commands take it."""
        name = f"{self.host}/{self.repository}" if self.host else self.repository
        return f"{name}{'@' if self.is_digest else ':'}{self.version}"


def image_reference(uri: str) -> ImageReference:
    """The parts of an image URI. Raises ValueError when it is none."""
    found = REFERENCE.fullmatch(uri)
    if not found:
        raise ValueError(
            f"{uri!r} is no image URI: it should look like 123456789012.dkr.ecr.us-east-1.amazonaws.com/name:tag."
        )
    return ImageReference(found["host"] or "", found["repository"], found["digest"] or found["tag"] or LATEST)


def local_image(client: DockerClient, uri: str, registry: LocalRegistry) -> str:
    """Id of the image in the engine for an image URI of a request; raises ValueError with a sentence that says what to
    do.

    A name in ECR, of any account and region, means the local registry's image, which is pulled by its digest: the tag
    in the engine may be another build by now. Else it means the engine's image of exactly that name, else of the name
    without its host. The registry is started only for what may be in it."""
    reference = image_reference(uri)
    if not reference.host:
        image = _of_the_engine(client, str(reference))
    elif reference.is_ecr:
        image = (
            (_of_the_registry(client, reference, registry) if registry.has(reference.repository) else None)
            or _of_the_engine(client, str(reference))
            or _of_the_engine(client, str(replace(reference, host="")))
        )
    elif reference.host.partition(":")[0] in LOOPBACK and reference.host == registry.host:
        image = _of_the_registry(client, reference, registry)
    else:
        raise ValueError(
            f"{uri} is not in ECR, and SageMaker takes images from nowhere else. Where the engine has it, give it a "
            f"plain name, and name that in the request: docker tag {uri} {replace(reference, host='')}"
        )
    if image is None:
        raise NoSuchImage(_missing(uri, reference))
    _check_architecture(uri, image)
    return image.id


def _of_the_registry(client: DockerClient, reference: ImageReference, registry: LocalRegistry) -> Image | None:
    digest = RegistryApi(registry.host, registry.users.service).digest(reference.repository, reference.version)
    if digest is None:
        return None
    repository = f"{registry.host}/{reference.repository}"
    return _of_the_engine(client, f"{repository}@{digest}") or client.images.pull(
        repository, tag=digest, auth_config=registry.users.service.for_engine
    )


def _of_the_engine(client: DockerClient, name: str) -> Image | None:
    try:
        return client.images.get(name)
    except ImageNotFound:
        return None


def _missing(uri: str, reference: ImageReference) -> str:
    plain = replace(reference, host="")
    if not reference.host:
        return (
            f"The engine has no image {uri}. `docker images` lists those that it has: build this one "
            f"(docker build -t {plain} ...), or give another one its name (docker tag IMAGE {plain})."
        )
    return (
        f"{uri}: the local registry has no image {reference.repository} with {_named(reference)}, and the engine none "
        f"of that name. Give the engine's image the name (docker tag IMAGE {uri}), push it ({COMMAND} push IMAGE), or "
        "name it in the request as `docker images` does."
    )


def _check_architecture(uri: str, image: Image) -> None:
    """Raises ValueError for an image of another processor's; an image that does not say is taken as it is."""
    found = image.attrs.get("Architecture") or ARCHITECTURE
    if found != ARCHITECTURE:
        raise ValueError(
            f"{uri} is an image for {found}. The instances that are run here are x86-64, and images for them run on "
            f"every engine: docker build --platform linux/{ARCHITECTURE} ..."
        )


def _named(reference: ImageReference) -> str:
    return f"digest {reference.version}" if reference.is_digest else f"tag {reference.version}"
