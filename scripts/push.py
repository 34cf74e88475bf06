"""`python -m scripts.push`: bring both images to ECR, under tags that never mean another image.

The serve image without CUDA comes along where it is built. What is there already is not pushed again. Repositories are
made when they are missing.
"""

import argparse
import base64
import json
import sys
import time
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws import docker_cli
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.docker_manifest import (
    DOCKER_MANIFEST,
    OCI_TAG,
    is_pushed_as_oci,
    one_image,
    put_as_docker,
    remove_oci_tag,
)
from scripts.aws.image import (
    built_image,
    built_tag,
    describe_repository,
    image_detail,
    images_to_push,
    published_tag,
    repository_uri,
)
from scripts.config.names import repository
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, error_code, explain, is_denied
from scripts.console.make import make
from scripts.console.waits import Wait
from scripts.requests.repository import create_repository_request, lifecycle_policy_request, scanning_request


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="push", description="Bring the train and the serve image to ECR.")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, change nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    settings = load_settings()
    aws = Aws(settings)
    tag = built_tag()
    repositories = {image: repository(settings.prefix, image) for image in images_to_push(settings.prefix, tag)}

    calls = [call for name in repositories.values() for call in repository_calls(aws, name)]
    scanning = scanning_call(aws, list(repositories.values())) if settings.push.scan else None
    if args.dry_run:
        found.write_text(as_json([*calls, *([scanning] if scanning else [])]))
        return 0
    built = {
        name: built_image(f"{name}:{tag}") for name in repositories.values()
    }  # both, before anything is made or sent
    for call in [*calls, *([scanning] if scanning else [])]:
        _make(aws, call)

    logged_in = False
    images: list[dict[str, Any]] = []
    found.update(images=images)
    for name, facts in built.items():
        in_ecr = published_tag(tag, facts["Id"])
        detail = image_detail(aws, name, in_ecr)
        if detail:
            stored = _manifest(aws, name, in_ecr, detail)
            check_manifest(f"{name}:{in_ecr}", stored["mediaType"], _remove(name, in_ecr))
            # Of an image that is pushed as OCI the id is the digest of a manifest that ECR no longer has.
            known = (stored["config"], detail["imageDigest"])
            if stored["config"] and not is_pushed_as_oci(facts) and facts["Id"] not in known:
                # No reason to fail: another machine builds the same tree into another image. But with another
                # BASE_IMAGE it matters.
                print(
                    f"warning: {name}:{in_ecr} is from another build of this tree, and stays. {_remove(name, in_ecr)}",
                    file=sys.stderr,
                )
            print(f"{name}:{in_ecr} is in ECR already")
            images.append(_image_as_json(aws, name, in_ecr, detail, pushed=False))
            continue
        if not logged_in:
            with Wait("Docker's login at ECR"):
                log_in(aws)
            logged_in = True
        uri = f"{repository_uri(aws, name)}:{in_ecr}"
        started = time.monotonic()
        pushed_as = uri + OCI_TAG if is_pushed_as_oci(facts) else uri
        if pushed_as != uri:
            remove_oci_tag(aws, name, in_ecr)  # of a push that was cut short, perhaps of another build
        docker_cli.docker("tag", f"{name}:{tag}", pushed_as)
        docker_cli.push(pushed_as, lambda: log_in(aws))
        if pushed_as != uri:
            with Wait("Docker's manifest of the image in ECR"):
                put_as_docker(aws, name, in_ecr)
        detail = image_detail(aws, name, in_ecr)
        if detail is None:
            raise Failure(f"ECR does not know {name}:{in_ecr} although Docker has pushed it. Run it again.")
        check_manifest(f"{name}:{in_ecr}", _manifest(aws, name, in_ecr, detail)["mediaType"], _remove(name, in_ecr))
        size = f", {detail['imageSizeInBytes'] / 1e9:.2f} GB compressed" if "imageSizeInBytes" in detail else ""
        images.append(_image_as_json(aws, name, in_ecr, detail, pushed=True))
        print(f"pushed {uri} in {time.monotonic() - started:.0f} s{size}, {detail['imageDigest']}")
    return 0


def _image_as_json(aws: Aws, name: str, tag: str, detail: dict[str, Any], pushed: bool) -> dict[str, Any]:
    """detail: ECR's. pushed: by this call; otherwise it was there."""
    uri = f"{repository_uri(aws, name)}:{tag}"
    facts = {"digest": detail["imageDigest"], "bytes": detail.get("imageSizeInBytes")}
    return {"repository": name, "tag": tag, "uri": uri, **facts, "pushed": pushed}


def repository_calls(aws: Aws, name: str) -> list[Call]:
    """What must be called for a repository that is there, whose tags stay what they are, with the settings' lifecycle
    policy.
    """
    lifecycle = Call("ecr", "PutLifecyclePolicy", lifecycle_policy_request(aws.settings, name))
    present = describe_repository(aws, name)
    if present is None:
        return [Call("ecr", "CreateRepository", create_repository_request(aws.settings, name)), lifecycle]
    calls = []
    if present.get("imageTagMutability") == "MUTABLE":
        calls.append(Call("ecr", "PutImageTagMutability", {"repositoryName": name, "imageTagMutability": "IMMUTABLE"}))
    try:
        current = json.loads(aws.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except ClientError as error:
        if is_denied(error):
            print(f"warning: the lifecycle policy of {name} stays as it is. {explain(error)}", file=sys.stderr)
            return calls
        if error_code(error) != "LifecyclePolicyNotFoundException":
            raise
        current = None
    return calls if current == json.loads(lifecycle.request["lifecyclePolicyText"]) else [*calls, lifecycle]


def _make(aws: Aws, call: Call) -> None:
    """Make the call. Without the repository there is no push; without the rest, which is often an administrator's,
    there is.
    """
    what = call.request.get("repositoryName", "the registry")
    try:
        aws.make(call)
        print(f"{call.operation}: {what}")
    except ClientError as error:
        if call.operation == "CreateRepository" or not is_denied(error):
            raise
        off = " push.scan = false asks no more." if call.operation == "PutRegistryScanningConfiguration" else ""
        print(f"warning: {what} stays as it is. {explain(error)}{off}", file=sys.stderr)


def scanning_call(aws: Aws, repositories: list[str]) -> Call | None:
    """The call after which the registry scans the repositories on push; None when it does, or when one may not ask."""
    try:
        current = aws.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: whether ECR scans images stays as it is. {explain(error)}", file=sys.stderr)
        return None
    request = scanning_request(current, repositories, aws.settings.prefix)
    return Call("ecr", "PutRegistryScanningConfiguration", request) if request else None


def log_in(aws: Aws) -> None:
    """Log Docker in to the registry. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html"""
    [data] = aws.client("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    docker_cli.docker("login", "--username", user, "--password-stdin", data["proxyEndpoint"], text=password)


def check_manifest(image: str, media_type: str | None, then: str) -> None:
    """Raise Failure when a manifest is not Docker's. media_type None: not known, which is no reason to refuse."""
    if media_type not in (None, DOCKER_MANIFEST):
        raise Failure(f"{image} has a manifest of type {media_type}, which SageMaker endpoints refuse. {then}")


def _manifest(aws: Aws, name: str, tag: str, detail: dict[str, Any]) -> dict[str, str | None]:
    """mediaType: as it is stored, which DescribeImages need not tell. config: the digest of the configuration, which is
    the id that Docker gives the image; None when one may not look."""
    try:
        found = one_image(aws.client("ecr").batch_get_image(repositoryName=name, imageIds=[{"imageTag": tag}]), name)
    except ClientError as error:
        if not is_denied(error):
            raise
        return {"mediaType": detail.get("imageManifestMediaType"), "config": None}
    manifest = json.loads(found["imageManifest"])
    media_type = found.get("imageManifestMediaType") or manifest.get("mediaType")
    return {"mediaType": media_type, "config": manifest.get("config", {}).get("digest")}


def _remove(name: str, tag: str) -> str:
    return (
        f"Its tag cannot be pushed again while it is there; remove it, then run `{make('push')}`: "
        f"aws ecr batch-delete-image --repository-name {name} --image-ids imageTag={tag}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
