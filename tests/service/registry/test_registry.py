"""A real registry behind a local ECR: pushed with the docker command, read with boto3, pulled by digest, deleted for good."""

import hashlib
import http.client
import io
import json
import subprocess
import threading
import uuid
from base64 import b64decode
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from docker.errors import ImageNotFound, NotFound
from moto.ecr.models import ecr_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local_test.engine import connect
from local_test.labels import REGISTRY, filters
from local_test.registry.ecr import LocalEcr
from local_test.registry.on_demand import OnDemandRegistry
from local_test.registry.registry import Registry, volume_name
from local_test.registry.registry_api import DOCKER_MANIFEST, RegistryApi
from local_test.registry.registry_image import RegistryError
from local_test.registry.resolve import local_image

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="module")
def client():
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def name():
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def registry(client, name):
    registry = Registry.start(client, name, None)
    yield registry
    registry.stop()
    registry.remove_data()
    assert client.containers.list(all=True, filters=filters(REGISTRY, name)) == []
    with pytest.raises(NotFound):
        client.volumes.get(volume_name(name))


@pytest.fixture(scope="module")
def tiny(client):
    """Two images of a file each, on the base that the product's images have: their names."""
    base = subprocess.run([ROOT / "docker/debian_base.sh"], check=True, capture_output=True, text=True).stdout.strip()
    names = [f"local-sagemaker-test-tiny:{uuid.uuid4().hex[:8]}" for _ in range(2)]
    for image in names:
        recipe = io.BytesIO(f"FROM {base}\nRUN echo {image} >/what\n".encode())
        client.images.build(fileobj=recipe, tag=image, rm=True, forcerm=True)
    yield names
    for image in names:
        client.images.remove(client.images.get(image).id, force=True)  # with the names that pushing and pulling gave it


@pytest.fixture
def ecr(registry):
    """A client of moto's ECR with the registry behind it, as the service sets them up."""
    ecr_backends[ACCOUNT].pop(REGION, None)
    LocalEcr(registry, ACCOUNT, REGION)
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    client = boto3.client(
        "ecr", endpoint_url=f"http://127.0.0.1:{server.port}", region_name=REGION, aws_access_key_id="local",
        aws_secret_access_key="local", config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def docker(*arguments, config, text=None):
    command = ["docker", "--config", config, *arguments]
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True, timeout=300).stdout


@pytest.fixture
def push(client, registry, tmp_path):
    """Push an image of the engine under a name and tag, with the docker command; returns what the registry calls it."""
    pushed = []

    def push(image, repository, tag):
        there = f"{registry.host}/{repository}:{tag}"
        client.images.get(image).tag(f"{registry.host}/{repository}", tag)
        pushed.append(there)
        said = docker("push", there, config=tmp_path)
        return said.partition("digest: ")[2].split()[0]

    yield push
    for there in pushed:
        try:
            client.images.remove(there, force=True)
        except ImageNotFound:
            pass  # a test removed it


def test_docker_logs_in_with_the_token_that_ecr_hands_out(ecr, registry, tmp_path):
    data = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
    assert (user, data["proxyEndpoint"]) == ("AWS", f"http://{registry.host}")
    said = docker("login", "--username", user, "--password-stdin", data["proxyEndpoint"], config=tmp_path, text=password)
    assert "Login Succeeded" in said


def test_a_pushed_image_is_described_as_the_registry_has_it(ecr, registry, push, tiny):
    repository = ecr.create_repository(repositoryName="one")["repository"]
    assert repository["repositoryUri"] == f"{registry.host}/one"
    assert ecr.describe_repositories()["repositories"][0]["repositoryUri"] == f"{registry.host}/one"
    assert ecr.list_images(repositoryName="one")["imageIds"] == []
    digest = push(tiny[0], "one", "v1")
    assert push(tiny[0], "one", "v2") == digest
    detail = ecr.describe_images(repositoryName="one")["imageDetails"][0]
    manifest = RegistryApi(registry.host).manifest("one", digest)
    assert detail["imageDigest"] == digest == f"sha256:{hashlib.sha256(manifest.text.encode()).hexdigest()}"
    assert sorted(detail["imageTags"]) == ["v1", "v2"]
    assert detail["imageManifestMediaType"] == manifest.media_type == DOCKER_MANIFEST
    assert detail["imageSizeInBytes"] == sum(layer["size"] for layer in json.loads(manifest.text)["layers"]) > 10_000_000
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


def test_deleted_tags_images_and_repositories_are_gone_from_the_registry(ecr, registry, push, tiny):
    api = RegistryApi(registry.host)
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
def test_a_job_gets_the_image_by_its_digest_even_when_the_engine_has_another_of_that_tag(client, registry, push, tiny, host):
    digest = push(tiny[0], "job", "v1")
    wanted = client.images.get(tiny[0]).id
    client.images.get(tiny[1]).tag(f"{registry.host}/job", "v1")  # a later build, not pushed
    host = host or registry.host
    assert local_image(client, f"{host}/job:v1", registry) == wanted
    assert local_image(client, f"{host}/job@{digest}", registry) == wanted


def test_a_job_pulls_an_image_that_the_engine_no_longer_has(client, registry, push):
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
    with pytest.raises(ValueError, match="has no image never with tag v1. .*make local-push"):
        local_image(client, f"{registry.host}/never:v1", registry)
    with pytest.raises(ValueError, match="The engine has no image local-sagemaker-test-never:v1"):
        local_image(client, "local-sagemaker-test-never:v1", registry)


def layers(api, digest):
    return [layer["digest"] for layer in json.loads(api.manifest("images", digest).text)["layers"]]


def layer_is_there(host, repository, digest):
    connection = http.client.HTTPConnection(host)
    connection.request("HEAD", f"/v2/{repository}/blobs/{digest}")
    status = connection.getresponse().status
    connection.close()
    return status == 200


def test_images_and_the_port_outlive_the_container_and_deleted_layers_are_freed(client, tiny, tmp_path):
    name = f"test-{uuid.uuid4().hex[:8]}"
    first = Registry.start(client, name, None)
    try:
        for tag, image in zip(("kept", "deleted"), tiny):
            client.images.get(image).tag(f"{first.host}/images", tag)
            docker("push", f"{first.host}/images:{tag}", config=tmp_path)
            client.images.remove(f"{first.host}/images:{tag}")
        api = RegistryApi(first.host)
        kept, deleted = api.digest("images", "kept"), api.digest("images", "deleted")
        base, kept_layer = layers(api, kept)
        _, deleted_layer = layers(api, deleted)
        api.delete_manifest("images", deleted)
        first.stop()
        second = Registry.start(client, name, first.port)
        assert second.host == first.host
        assert RegistryApi(second.host).tags("images") == ["kept"]
        there = [layer_is_there(second.host, "images", layer) for layer in (base, kept_layer, deleted_layer)]
        assert there == [True, True, False]
        third = Registry.start(client, name, None)  # after a kill: the second was not stopped
        assert len(client.containers.list(filters=filters(REGISTRY, name))) == 1
        assert RegistryApi(third.host).tags("images") == ["kept"]
        third.stop()
        third.stop()
    finally:
        first.remove_data()


def test_a_taken_port_is_named(client, registry):
    name = f"test-{uuid.uuid4().hex[:8]}"
    with pytest.raises(RegistryError, match=f"127.0.0.1:{registry.port}"):
        Registry.start(client, name, registry.port)
    assert client.containers.list(all=True, filters=filters(REGISTRY, name)) == []
    client.volumes.get(volume_name(name)).remove()


def test_a_registry_that_was_removed_by_hand_is_there_again_with_its_port(client):
    name, told = f"test-{uuid.uuid4().hex[:8]}", []
    registry = OnDemandRegistry(client, name, None, told.append)
    try:
        host = registry.host
        for container in client.containers.list(filters=filters(REGISTRY, name)):
            container.remove(force=True)
        with pytest.raises(ValueError, match="has no image never with tag v1"):
            registry.local_image("123456789012.dkr.ecr.us-east-1.amazonaws.com/never:v1")
        assert registry.host == host and set(told) == {int(host.rpartition(":")[2])}
    finally:
        registry.stop()
        client.volumes.get(volume_name(name)).remove()
