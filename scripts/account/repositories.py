"""The repositories of the images, as `push` makes them."""

from scripts.account.step import Step, as_pairs, bootstrap_tags
from scripts.aws.clients import Aws
from scripts.aws.image import describe_repository
from scripts.aws.planned_call import Call
from scripts.config.names import IMAGES, repository
from scripts.requests.repository import create_repository_request, lifecycle_policy_request


def repository_steps(aws: Aws) -> list[Step]:
    return [_step(aws, repository(aws.settings.prefix, image)) for image in IMAGES]


def _step(aws: Aws, name: str) -> Step:
    settings = aws.settings
    if describe_repository(aws, name) is not None:
        return Step("repository", name, "is there")
    tags = as_pairs(bootstrap_tags(settings.prefix))
    calls = (
        Call("ecr", "CreateRepository", {**create_repository_request(settings, name), "tags": tags}),
        Call("ecr", "PutLifecyclePolicy", lifecycle_policy_request(settings, name)),
    )
    return Step("repository", name, f"keeps the newest {settings.push.keep_images} images", calls)
