"""Which image a job or an endpoint runs: its tag, and its address in ECR.

The tag is docker/tag.sh's: the commit and the content of baked-in weights. A tree with changes that are not committed
keeps that tag while its content goes on changing, and an immutable repository would refuse the second push: there the
start of the image's id follows.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws.clients import Aws
from scripts.aws.docker_cli import image_facts
from scripts.config.names import CPU_IMAGE, IMAGES, repository
from scripts.console.failure import Failure, error_code
from scripts.console.make import make
from scripts.requests.gpu_ami import has_gpu

TAG_PROGRAM = Path(__file__).parents[2] / "docker/tag.sh"


def built_tag() -> str:
    """The tag that `make build` gives. Raises Failure outside of a git clone."""
    done = subprocess.run([TAG_PROGRAM], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"The images' tag cannot be told: {done.stderr.strip() or 'docker/tag.sh failed'}")
    return done.stdout.strip()


def published_tag(tag: str, image_id: str) -> str:
    """The tag in ECR of an image that was built as `tag`. image_id: `sha256:...`, as Docker tells it."""
    return f"{tag}-{image_id.removeprefix('sha256:')[:12]}" if "-dirty" in tag else tag


def tag_in_ecr(prefix: str, image: str) -> str:
    """The tag under which `push` publishes the present tree's image. Raises Failure when it must be built first."""
    tag = built_tag()
    if "-dirty" not in tag:
        return tag  # the same without an engine, so that a machine that only deploys needs none
    return published_tag(tag, built_image(f"{repository(prefix, image)}:{tag}")["Id"])


def is_built(name: str) -> bool:
    """Whether the image is on this machine; without an engine none is."""
    try:
        return image_facts(name) is not None
    except Failure:
        return False


def images_to_push(prefix: str, tag: str) -> tuple[str, ...]:
    """The images that every job and endpoint needs, and the one without CUDA where it is built."""
    return (*IMAGES, CPU_IMAGE) if is_built(f"{repository(prefix, CPU_IMAGE)}:{tag}") else IMAGES


def built_image(name: str) -> dict[str, Any]:
    """Docker's facts about an image of this machine. Raises Failure when it is not there."""
    facts = image_facts(name)
    if facts is None:
        raise Failure(f"The image {name} is not on this machine. Run `make build`.")
    return facts


def image_detail(aws: Aws, name: str, tag: str) -> dict[str, Any] | None:
    """ECR's facts about `<repository>:<tag>`, None when the repository or the tag is not there."""
    try:
        return aws.client("ecr").describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])["imageDetails"][0]
    except ClientError as error:
        if error_code(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return None
        raise


def describe_repository(aws: Aws, name: str) -> dict[str, Any] | None:
    """ECR's facts about a repository, None when there is none."""
    try:
        return aws.client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    except ClientError as error:
        if error_code(error) == "RepositoryNotFoundException":
            return None
        raise


def repository_uri(aws: Aws, name: str) -> str | None:
    """The address of a repository; None when there is none."""
    repository_ = describe_repository(aws, name)
    return repository_["repositoryUri"] if repository_ else None


def image_uri(aws: Aws, image: str) -> str:
    """The address of the present tree's image for a request. image: one of names.IMAGES.

    Raises Failure when it is not in ECR: the service would say so after minutes only.
    """
    tag = tag_in_ecr(aws.settings.prefix, image)
    uri = _uri_in_ecr(aws, image, tag)
    if uri is None:
        name = repository(aws.settings.prefix, image)
        raise Failure(f"The image {name}:{tag} is not in ECR in {aws.region}. Run `{make('push')}`.")
    return uri


def serving_image_uri(aws: Aws, instance_types: tuple[str, ...]) -> str:
    """The address of the image that serves on these instance types: where none has a GPU the one without CUDA, which
    starts sooner, if it is in ECR; otherwise the serve image, and stderr says how to make the other.

    instance_types: none for a serverless endpoint. Raises Failure as `image_uri` does.
    """
    if any(has_gpu(one) for one in instance_types):
        return image_uri(aws, "serve")
    prefix = aws.settings.prefix
    name, tag = repository(prefix, CPU_IMAGE), built_tag()
    if "-dirty" not in tag:
        found = _uri_in_ecr(aws, CPU_IMAGE, tag)
    else:
        here = is_built(f"{name}:{tag}")
        found = _uri_in_ecr(aws, CPU_IMAGE, tag_in_ecr(prefix, CPU_IMAGE)) if here else None
    if found is None:
        found = image_uri(aws, "serve")
        print(
            f"note: {' or '.join(instance_types) or 'a serverless endpoint'} has no GPU and gets the image with CUDA. "
            f"A smaller one without it, {name}:{tag}, is not in ECR: `make build-serve-cpu` and `{make('push')}` bring "
            "it there.",
            file=sys.stderr,
        )
    return found


def _uri_in_ecr(aws: Aws, image: str, tag: str) -> str | None:
    name = repository(aws.settings.prefix, image)
    uri = repository_uri(aws, name)
    return f"{uri}:{tag}" if uri and image_detail(aws, name, tag) else None
