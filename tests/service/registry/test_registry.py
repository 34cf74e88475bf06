"""A real registry behind a local ECR: pushed with the docker command, read with boto3, pulled by digest, deleted for
good.
"""

import hashlib
import http.client
import io
import json
import subprocess
import uuid

import pytest
from docker.errors import ImageNotFound

from local_test.host.labels import REGISTRY, filters
from local_test.registry.registry import RegistryError
from local_test.registry.registry_api import DOCKER_MANIFEST, RegistryApi
from local_test.registry.resolve import local_image
from tests.service.registry.conftest import ROOT


@pytest.fixture
def api(registry):
    return RegistryApi(registry.host, registry.users.service)


def test_a_pushed_image_is_described_as_the_registry_has_it(ecr, registry, api, push, tiny):
    repository = ecr.create_repository(repositoryName="one")["repository"]
    assert repository["repositoryUri"] == f"{registry.host}/one"
    assert ecr.describe_repositories()["repositories"][0]["repositoryUri"] == f"{registry.host}/one"
    assert ecr.list_images(repositoryName="one")["imageIds"] == []
    digest = push(tiny[0], "one", "v1")
    assert push(tiny[0], "one", "v2") == digest
    detail = ecr.describe_images(repositoryName="one")["imageDetails"][0]
    manifest = api.manifest("one", digest)
    assert detail["imageDigest"] == digest == f"sha256:{hashlib.sha256(manifest.text.encode()).hexdigest()}"
    assert sorted(detail["imageTags"]) == ["v1", "v2"]
    assert detail["imageManifestMediaType"] == manifest.media_type == DOCKER_MANIFEST
    assert (
        detail["imageSizeInBytes"] == sum(layer["size"] for layer in json.loads(manifest.text)["layers"]) > 10_000_000
    )
    got = ecr.batch_get_image(repositoryName="one", imageIds=[{"imageTag": "v1"}, {"imageTag": "never"}])
    assert [image["imageManifest"] for image in got["images"]] == [manifest.text]
    assert [failure["failureCode"] for failure in got["failures"]] == ["ImageNotFound"]
    assert {image["imageTag"] for image in ecr.list_images(repositoryName="one")["imageIds"]} == {"v1", "v2"}


def test_a_tag_that_moves_leaves_its_image_untagged(ecr, push, tiny):
    ecr.create_repository(repositoryName="moving")
    first = push(tiny[0], "moving", "v1")
    assert ecr.describe_images(repositoryName="moving")["imageDetails"][0]["imageTags"] == ["v1"]
    second = push(tiny[1], "moving", "v1")
    details = ecr.describe_images(repositoryName="moving")["imageDetails"]
    assert {detail["imageDigest"]: detail.get("imageTags") for detail in details} == {first: None, second: ["v1"]}


def test_an_image_is_named_again_over_the_api(ecr, push, tiny):
    ecr.create_repository(repositoryName="named")
    digest = push(tiny[0], "named", "v1")
    text = ecr.batch_get_image(repositoryName="named", imageIds=[{"imageTag": "v1"}])["images"][0]["imageManifest"]
    put = ecr.put_image(repositoryName="named", imageManifest=text, imageTag="stable")["image"]
    assert put["imageId"]["imageDigest"] == digest
    assert sorted(ecr.describe_images(repositoryName="named")["imageDetails"][0]["imageTags"]) == ["stable", "v1"]
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(repositoryName="named", imageManifest=text, imageTag="stable")
    nowhere = json.loads(text)
    nowhere["layers"][0]["digest"] = f"sha256:{'0' * 64}"
    with pytest.raises(ecr.exceptions.InvalidParameterException, match="was not taken"):
        ecr.put_image(repositoryName="named", imageManifest=json.dumps(nowhere), imageTag="broken")


def test_deleted_tags_images_and_repositories_are_gone_from_the_registry(ecr, api, push, tiny):
    ecr.create_repository(repositoryName="short")
    digest, other = push(tiny[0], "short", "v1"), push(tiny[1], "short", "other")
    push(tiny[0], "short", "v2")
    assert ecr.batch_delete_image(repositoryName="short", imageIds=[{"imageTag": "v1"}])["failures"] == []
    assert (api.tags("short"), api.digest("short", digest)) == (["other", "v2"], digest)
    ecr.batch_delete_image(repositoryName="short", imageIds=[{"imageTag": "v2"}])
    assert (api.tags("short"), api.digest("short", digest)) == (["other"], None)
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException):
        ecr.delete_repository(repositoryName="short")
    ecr.delete_repository(repositoryName="short", force=True)
    assert (api.tags("short"), api.digest("short", other)) == ([], None)


@pytest.mark.parametrize("host", ["123456789012.dkr.ecr.us-east-1.amazonaws.com", None])
def test_a_job_gets_the_image_by_its_digest_even_when_the_engine_has_another_of_that_tag(
    client, registry, ecr, push, tiny, host
):
    ecr.create_repository(repositoryName="job")
    digest = push(tiny[0], "job", "v1")
    wanted = client.images.get(tiny[0]).id
    client.images.get(tiny[1]).tag(f"{registry.host}/job", "v1")  # a later build, not pushed
    host = host or registry.host
    assert local_image(client, f"{host}/job:v1", registry) == wanted
    assert local_image(client, f"{host}/job@{digest}", registry) == wanted


def test_a_job_pulls_an_image_that_the_engine_no_longer_has(client, registry, ecr, push):
    ecr.create_repository(repositoryName="gone")
    base = subprocess.run([ROOT / "docker/debian_base.sh"], check=True, capture_output=True, text=True).stdout.strip()
    recipe = io.BytesIO(f"FROM {base}\nRUN echo {uuid.uuid4()} >/what\n".encode())
    image, _ = client.images.build(fileobj=recipe, tag="local-sagemaker-test-tiny:gone", rm=True, forcerm=True)
    digest = push("local-sagemaker-test-tiny:gone", "gone", "v1")
    client.images.remove(image.id, force=True)
    with pytest.raises(ImageNotFound):
        client.images.get(image.id)
    assert local_image(client, f"{registry.host}/gone:v1", registry) == image.id
    client.images.remove(f"{registry.host}/gone@{digest}", force=True)


def test_what_the_registry_lacks_is_named_with_the_next_step(client, registry):
    with pytest.raises(ValueError, match=r"has no image never with tag v1.*docker tag IMAGE.* push IMAGE"):
        local_image(client, f"{registry.host}/never:v1", registry)
    with pytest.raises(ValueError, match="The engine has no image local-sagemaker-test-never:v1"):
        local_image(client, "local-sagemaker-test-never:v1", registry)


def layers(api, digest):
    return [layer["digest"] for layer in json.loads(api.manifest("images", digest).text)["layers"]]


def layer_is_there(registry, repository, digest):
    connection = http.client.HTTPConnection(registry.host)
    connection.request(
        "HEAD", f"/v2/{repository}/blobs/{digest}", headers={"Authorization": registry.users.aws.authorization}
    )
    status = connection.getresponse().status
    connection.close()
    return status == 200


def test_images_and_the_port_outlive_the_container_and_deleted_layers_are_freed(client, new_registry, docker, tiny):
    name = f"test-{uuid.uuid4().hex[:8]}"
    first = new_registry(name)
    first.set_repositories({"images": False})
    docker("login", "--username", "AWS", "--password-stdin", first.host, text=first.users.aws.password)
    for tag, image in zip(("kept", "deleted"), tiny, strict=True):
        client.images.get(image).tag(f"{first.host}/images", tag)
        assert docker("push", f"{first.host}/images:{tag}").returncode == 0
        client.images.remove(f"{first.host}/images:{tag}")
    api = RegistryApi(first.host, first.users.service)
    kept, deleted = api.digest("images", "kept"), api.digest("images", "deleted")
    base, kept_layer = layers(api, kept)
    _, deleted_layer = layers(api, deleted)
    api.delete_manifest("images", deleted)
    host = first.host
    first.stop()
    second = new_registry(name, port=int(host.rpartition(":")[2]))
    second.set_repositories({"images": False})
    assert (second.host, second.users) == (host, first.users)
    assert RegistryApi(second.host, second.users.service).tags("images") == ["kept"]
    assert [layer_is_there(second, "images", layer) for layer in (base, kept_layer, deleted_layer)] == [
        True,
        True,
        False,
    ]
    third = new_registry(name)  # after a kill: the second was not stopped
    assert RegistryApi(third.host, third.users.service).tags("images") == ["kept"]
    assert len(client.containers.list(filters=filters(REGISTRY, name))) == 1
    assert len(client.networks.list(filters=filters(REGISTRY, name))) == 1
    third.stop()
    third.stop()


def test_a_taken_port_is_named(registry, new_registry):
    port = registry.host.rpartition(":")[2]
    with pytest.raises(RegistryError, match=f"127.0.0.1:{port}"):
        _ = new_registry(port=int(port)).host


def test_a_registry_that_was_removed_by_hand_is_there_again_with_its_port_and_its_repositories(client, new_registry):
    name, told = f"test-{uuid.uuid4().hex[:8]}", []
    registry = new_registry(name, started=told.append)
    registry.set_repositories({"before": False})
    host = registry.host
    for container in client.containers.list(filters=filters(REGISTRY, name)):
        container.remove(force=True)
    registry.set_repositories({"before": False, "meanwhile": False})
    with pytest.raises(ValueError, match="has no image meanwhile with tag v1"):
        registry.local_image("123456789012.dkr.ecr.us-east-1.amazonaws.com/meanwhile:v1")
    assert registry.host == host and set(told) == {int(host.rpartition(":")[2])}
    for repository in ("before", "meanwhile"):
        assert RegistryApi(host, registry.users.aws).put_blob(repository, b"layer").startswith("sha256:")


def test_a_container_whose_registry_ends_ends_too(client, new_registry):
    name = f"test-{uuid.uuid4().hex[:8]}"
    assert new_registry(name).host
    [container] = client.containers.list(filters=filters(REGISTRY, name))
    is_registry = "grep -qa ^docker-registry $process/cmdline"
    container.exec_run(
        ["sh", "-c", f"for process in /proc/[1-9]*; do if {is_registry}; then kill -9 ${{process#/proc/}}; fi; done"]
    )
    assert container.wait(timeout=30)["StatusCode"] == 0
