"""Docker manifests of images that an engine pushes with OCI ones, which endpoints of SageMaker refuse.

The layers and the configuration are the same bytes; only the media types in the manifest differ. So the image is pushed
under a tag of its own, and a Docker manifest of the same layers is put under the tag that jobs and endpoints name.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
https://distribution.github.io/distribution/spec/manifest-v2-2/
https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

import json
import sys
from typing import Any

from botocore.exceptions import ClientError

from scripts.aws import docker_cli
from scripts.aws.clients import Aws
from scripts.console.failure import Failure, explain, is_denied

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
OCI_TAG = "-oci"  # behind the tag of the Docker manifest
CONTAINERD_STORE = "io.containerd.snapshotter"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYERS = {
    "application/vnd.oci.image.layer.v1.tar": "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def is_pushed_as_oci(facts: dict[str, Any]) -> bool:
    """Whether Docker would push the image with another manifest than Docker's: its containerd image store does.

    facts: of `docker image inspect`, which tells it since Docker 28.
    """
    media_type = facts.get("Descriptor", {}).get("mediaType")
    if media_type:
        return media_type != DOCKER_MANIFEST
    return CONTAINERD_STORE in docker_cli.docker("info", "--format", "{{json .DriverStatus}}")


def as_docker(manifest: dict[str, Any]) -> str:
    """The Docker manifest of the same configuration and layers, as it is put. Raises Failure for layers that have no
    Docker type, such as those packed by zstd.
    """
    layers = []
    for layer in manifest["layers"]:
        kind = _LAYERS.get(layer["mediaType"])
        if kind is None:
            raise Failure(
                f"A layer of the image is of type {layer['mediaType']}, which endpoints cannot read. Build it with "
                "layers packed by gzip: `docker buildx build --output type=image,compression=gzip,"
                "force-compression=true`."
            )
        layers.append({"mediaType": kind, "size": layer["size"], "digest": layer["digest"]})
    config = {"mediaType": _CONFIG, "size": manifest["config"]["size"], "digest": manifest["config"]["digest"]}
    return json.dumps(
        {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": layers}, separators=(",", ":")
    )


def amd64_of(index: dict[str, Any]) -> str:
    """The digest of an index's image for SageMaker's machines; attestations are of no platform. Raises Failure."""
    for one in index["manifests"]:
        platform = one.get("platform", {})
        if (platform.get("os"), platform.get("architecture")) == ("linux", "amd64"):
            return str(one["digest"])
    raise Failure("The image that was pushed has no part for linux/amd64, which SageMaker runs. Run `make build`.")


def one_image(answer: dict[str, Any], repository: str) -> dict[str, Any]:
    """The image of a BatchGetImage's answer that asked for one. Raises Failure with ECR's reason where it is not there:
    somebody else has just removed it.
    """
    if answer["images"]:
        return answer["images"][0]
    reason = next((one.get("failureReason", "") for one in answer.get("failures", [])), "")
    raise Failure(
        f"ECR does not give the manifest of an image in {repository}: {reason or 'it gave no reason'}. Run it again."
    )


def put_as_docker(aws: Aws, repository: str, tag: str) -> None:
    """Put the Docker manifest of `<tag>-oci` under `<tag>`, and take the first tag away."""
    ecr = aws.client("ecr")

    def manifest(**image: str) -> dict[str, Any]:
        answer = ecr.batch_get_image(
            repositoryName=repository, imageIds=[image], acceptedMediaTypes=[DOCKER_MANIFEST, OCI_MANIFEST, *INDEXES]
        )
        read: dict[str, Any] = json.loads(one_image(answer, repository)["imageManifest"])
        return read

    pushed = manifest(imageTag=tag + OCI_TAG)
    if "manifests" in pushed:
        pushed = manifest(imageDigest=amd64_of(pushed))
    ecr.put_image(
        repositoryName=repository,
        imageTag=tag,
        imageManifest=as_docker(pushed),
        imageManifestMediaType=DOCKER_MANIFEST,
    )
    remove_oci_tag(aws, repository, tag)


def remove_oci_tag(aws: Aws, repository: str, tag: str) -> None:
    """Take `<tag>-oci` away where it is there; the layers stay with the image that has them, too."""
    try:
        aws.client("ecr").batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag + OCI_TAG}])
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: the tag {repository}:{tag}{OCI_TAG} stays. {explain(error)}", file=sys.stderr)
