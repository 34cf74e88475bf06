"""Which image of the engine an image URI in a request means."""

import re
from dataclasses import dataclass

from docker import DockerClient
from docker.errors import ImageNotFound

from local_test.registry.ecr import LocalRegistry
from local_test.registry.registry_api import RegistryApi

# https://docs.docker.com/reference/cli/docker/image/tag/: a first part with a dot or a colon, or `localhost`, is a
# host.
REFERENCE = re.compile(
    r"(?:(?P<host>localhost|[\w-]*[.:][\w.:-]*)/)?"
    r"(?P<repository>[a-z0-9][a-z0-9._/-]*?)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[\w][\w.-]{0,127}))?"
)
ECR_HOST = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
NEXT_STEP = "Build and push one with `make local-push`."


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


def image_reference(uri: str) -> ImageReference:
    """The parts of an image URI. Raises ValueError when it is none, or has no tag: `latest` is nobody's choice."""
    found = REFERENCE.fullmatch(uri)
    if not found:
        raise ValueError(
            f"{uri!r} is no image URI: it should look like 123456789012.dkr.ecr.us-east-1.amazonaws.com/name:tag."
        )
    version = found["digest"] or found["tag"]
    if not version:
        raise ValueError(f"{uri} has no tag: name one, {uri}:TAG, so that the image stays the same from run to run.")
    return ImageReference(found["host"] or "", found["repository"], version)


def local_image(client: DockerClient, uri: str, registry: LocalRegistry) -> str:
    """Id of the image in the engine for an image URI of a request; raises ValueError with a sentence that says what to
    do.

    An ECR URI, and one of the local registry, mean the registry's image, which is pulled by its digest: the tag in the
    engine may be another build by now. The registry's host is asked for only for these. A bare name:tag is the
    engine's."""
    reference = image_reference(uri)
    if not reference.host:
        return _of_the_engine(client, uri)
    if not reference.is_ecr and reference.host != registry.host:
        raise ValueError(
            f"{uri} is neither in ECR nor in the local registry ({registry.host}); nothing else is pulled. {NEXT_STEP}"
        )
    digest = RegistryApi(registry.host, registry.users.service).digest(reference.repository, reference.version)
    if digest is None:
        raise ValueError(
            f"{uri}: the local registry has no image {reference.repository} with {_named(reference)}. {NEXT_STEP}"
        )
    repository = f"{registry.host}/{reference.repository}"
    try:
        return client.images.get(f"{repository}@{digest}").id
    except ImageNotFound:
        return client.images.pull(repository, tag=digest, auth_config=registry.users.service.for_engine).id


def _of_the_engine(client: DockerClient, name: str) -> str:
    try:
        return client.images.get(name).id
    except ImageNotFound:
        raise ValueError(
            f"The engine has no image {name}. Build it with `make build`, or name one of the local registry."
        ) from None


def _named(reference: ImageReference) -> str:
    return f"digest {reference.version}" if reference.is_digest else f"tag {reference.version}"
