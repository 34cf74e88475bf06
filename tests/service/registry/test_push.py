"""The push of the scripts, as it is run against AWS: it makes immutable repositories, logs in, pushes, and finds what
it pushed.
"""

import json
import os
import subprocess
import sys
import uuid
from types import SimpleNamespace

import pytest

from scripts.aws.docker_manifest import DOCKER_MANIFEST, OCI_MANIFEST, put_as_docker
from scripts.aws.image import built_tag
from tests.service.registry.conftest import REGION, ROOT


@pytest.fixture
def push_both(client, ecr, tiny, tmp_path):
    """Runs scripts.push for a prefix of which both images are built; returns the finished process."""
    prefix, tag = f"test-{uuid.uuid4().hex[:8]}", built_tag()
    names = [f"{prefix}-train", f"{prefix}-serve"]
    for name, image in zip(names, tiny, strict=True):
        client.images.get(image).tag(name, tag)
    environment = os.environ | {
        "IMAGE_PREFIX": prefix,
        "AWS_ENDPOINT_URL": ecr.meta.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "DOCKER_CONFIG": str(tmp_path),
    }

    def push_both():
        command = [sys.executable, "-m", "scripts.push"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)

    yield names, push_both
    for name in names:
        for image in client.images.list(filters={"reference": [name, f"127.0.0.1:*/{name}"]}):
            for known in image.tags:
                if name in known:
                    client.images.remove(known)


def test_the_scripts_push_both_images_and_push_nothing_twice(ecr, push_both):
    names, push = push_both
    first = push()
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("pushed 127.0.0.1:") == 2
    for name in names:
        assert ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
        assert len(ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageTags"]) == 1
    again = push()
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("is in ECR already") == 2 and "pushed" not in again.stdout


def test_an_image_with_an_oci_manifest_gets_dockers_of_the_same_layers_and_is_pulled_as_the_same_image(
    client, ecr, registry, push, docker, tiny
):
    ecr.create_repository(repositoryName="oci", imageTagMutability="IMMUTABLE")
    push(tiny[0], "oci", "pushed")
    [image] = ecr.batch_get_image(repositoryName="oci", imageIds=[{"imageTag": "pushed"}])["images"]
    manifest = json.loads(image["imageManifest"])
    manifest["mediaType"] = OCI_MANIFEST
    manifest["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json"
    for layer in manifest["layers"]:
        layer["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
    ecr.put_image(
        repositoryName="oci",
        imageTag="v1-oci",
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=OCI_MANIFEST,
    )
    ecr.batch_delete_image(repositoryName="oci", imageIds=[{"imageTag": "pushed"}])

    put_as_docker(SimpleNamespace(client=lambda service: ecr), "oci", "v1")
    [detail] = ecr.describe_images(repositoryName="oci")["imageDetails"]
    assert (detail["imageTags"], detail["imageManifestMediaType"]) == (["v1"], DOCKER_MANIFEST)
    wanted = client.images.get(tiny[0]).id
    there = f"{registry.host}/oci:v1"
    assert docker("pull", there).returncode == 0
    assert client.images.get(there).id == wanted
    client.images.remove(there)
