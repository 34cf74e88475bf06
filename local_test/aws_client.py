"""Clients of the service's own API, for its commands, and `push IMAGE`.

`push` brings an image of the engine to the ECR of the local SageMaker, into the repository of its name.
"""

from base64 import b64decode
from typing import Any

import botocore.session
from botocore.config import Config
from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from local_test.host.emulator_settings import ACCOUNT
from local_test.host.identity import AccessKey
from local_test.registry.resolve import image_reference
from local_test.service_address import Address

# What the shell's environment and files say about proxies and endpoints is about other services.
DIRECT = Config(proxies={}, retries={"max_attempts": 0})


def aws_client(name: str, address: Address, key: AccessKey) -> Any:
    """name: as botocore knows the AWS service, such as `ecr`. key: what the service obeys."""
    return botocore.session.Session().create_client(
        name,
        region_name=address.region,
        endpoint_url=address.url,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
        config=DIRECT,
    )


def push_image(client: DockerClient, ecr: Any, region: str, name: str) -> str:
    """The URI under which requests find it, as on AWS. ecr: a client of the service's ECR. name: as the engine knows
    the image.

    A repository that is missing is made. Raises ValueError with the next step."""
    reference = image_reference(name)
    if reference.is_digest:
        raise ValueError(f"{name} has a digest and no tag. Give it one, and push that: docker tag {name} NAME:TAG")
    try:
        image = client.images.get(str(reference))
    except ImageNotFound:
        raise ValueError(f"The engine has no image {reference}. `docker images` lists those that it has.") from None
    try:
        repository = ecr.create_repository(repositoryName=reference.repository)["repository"]
    except ecr.exceptions.RepositoryAlreadyExistsException:
        repository = ecr.describe_repositories(repositoryNames=[reference.repository])["repositories"][0]
    target, tag = repository["repositoryUri"], reference.version
    image.tag(target, tag)
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = b64decode(token).decode().partition(":")
    try:
        said = client.images.push(
            target, tag, auth_config={"username": user, "password": password}, stream=True, decode=True
        )
        refused = [line["error"] for line in said if "error" in line]
    except APIError as error:
        refused = [error.explanation or str(error)]
    if refused:
        raise ValueError(f"{name} could not be pushed: {refused[0]}")
    return f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{reference.repository}:{tag}"
