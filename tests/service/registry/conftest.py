"""A registry of its own for each file of tests, an ECR before it, and small images to push."""

import io
import subprocess
import threading
import uuid
from base64 import b64decode
from contextlib import suppress
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from docker.errors import ImageNotFound, NotFound
from moto.ecr.models import ecr_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local_test.host.engine import connect
from local_test.host.labels import REGISTRY, filters
from local_test.registry.ecr import LocalEcr
from local_test.registry.on_demand import OnDemandRegistry
from local_test.registry.registry import volume_name

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="session")
def client():
    client = connect()
    yield client
    client.close()


@pytest.fixture
def new_registry(client, tmp_path):
    """Makes registries by name, of one state folder a name. They, their networks and their images are gone after the
    test.
    """
    made = []

    def new_registry(name=None, port=None, started=lambda port: None):
        name = name or f"test-{uuid.uuid4().hex[:8]}"
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append((name, OnDemandRegistry(client, name, ACCOUNT, port, started, folder)))
        return made[-1][1]

    yield new_registry
    for name, registry in made:
        registry.stop()
        leave_nothing(client, name)


@pytest.fixture(scope="module")
def name():
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def registry(client, name, tmp_path_factory):
    registry = OnDemandRegistry(client, name, ACCOUNT, None, lambda port: None, tmp_path_factory.mktemp("state"))
    assert registry.host
    yield registry
    registry.stop()
    leave_nothing(client, name)


def leave_nothing(client, name):
    """Remove the images of a registry that has stopped; nothing else may be left of it."""
    with suppress(NotFound):  # it never started
        client.volumes.get(volume_name(name)).remove(force=True)
    assert client.containers.list(all=True, filters=filters(REGISTRY, name)) == []
    assert client.networks.list(filters=filters(REGISTRY, name)) == []


@pytest.fixture(scope="session")
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
        "ecr",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def docker(tmp_path):
    """The docker command, with a configuration of the test's own: it is logged in nowhere. Returns the finished
    process.
    """

    def docker(*arguments, text=None):
        return subprocess.run(
            ["docker", "--config", tmp_path, *arguments], input=text, capture_output=True, text=True, timeout=300
        )

    return docker


@pytest.fixture
def log_in(docker):
    """Log docker in as scripts/push.py does, with the token of an ECR."""

    def log_in(ecr):
        [data] = ecr.get_authorization_token()["authorizationData"]
        user, _, password = b64decode(data["authorizationToken"]).decode().partition(":")
        done = docker("login", "--username", user, "--password-stdin", data["proxyEndpoint"], text=password)
        assert done.returncode == 0 and "Login Succeeded" in done.stdout, done.stderr
        return user

    return log_in


@pytest.fixture
def try_to_push(client, registry, docker):
    """Push an image of the engine under a name and tag; returns the finished process."""
    pushed = []

    def try_to_push(image, repository, tag):
        there = f"{registry.host}/{repository}:{tag}"
        client.images.get(image).tag(f"{registry.host}/{repository}", tag)
        pushed.append(there)
        return docker("push", there)

    yield try_to_push
    for there in pushed:
        with suppress(ImageNotFound):  # a test removed it
            client.images.remove(there, force=True)


@pytest.fixture
def push(ecr, log_in, try_to_push):
    """Push as the user of ECR; returns the digest. The repository must exist."""
    log_in(ecr)

    def push(image, repository, tag):
        done = try_to_push(image, repository, tag)
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("digest: ")[2].split()[0]

    return push
