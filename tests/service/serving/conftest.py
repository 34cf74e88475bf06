"""A test image whose `serve` does what the tests ask of it, and the serving parts of the service around it."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from local_test.engine import connect
from local_test.labels import filters, find
from local_test.platform import ACCOUNT, Platform
from local_test.state import State
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore
from tests.built_images import built_image
from tests.service.serving.harness import Harness, unique, wait_for

PROGRAM = Path(__file__).with_name("serve.py")
REGION = "us-east-1"


@pytest.fixture(scope="session")
def client():
    engine = connect()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def image(client):
    """One thin layer on the serve image, whose own `serve` it replaces."""
    dockerfile = f"FROM {built_image('serve')}\nCOPY serve /usr/local/bin/serve\nENTRYPOINT []\n"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in (("Dockerfile", dockerfile.encode()), ("serve", PROGRAM.read_bytes())):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    tag = "local-sagemaker-test-serve:" + hashlib.sha256(context.getvalue()).hexdigest()[:12]
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
    yield tag
    client.images.remove(tag)


@pytest.fixture(scope="session")
def storage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("storage")
    objects = ObjectStore(folder / "s3", ACCOUNT, REGION)
    return objects, LogGroups(ACCOUNT, REGION, folder / "logs"), Metrics(ACCOUNT, REGION, folder / "metrics")


@pytest.fixture(scope="module")
def platform(client, storage, tmp_path_factory):
    """Of a service of its own for each file of tests."""
    objects, logs, metrics = storage
    folder = tmp_path_factory.mktemp("service")

    def local_image(uri):
        try:
            return client.images.get(uri).id
        except ImageNotFound:
            raise ValueError(f"There is no image {uri} on this machine.") from None

    return Platform(client, unique("test"), folder, REGION, State(folder / "records"), objects, logs, metrics, local_image)


@pytest.fixture(scope="module")
def service(platform, image, client):
    with Harness(platform, image) as harness:
        yield harness
    assert find(client, service=platform.service) == []
    assert client.networks.list(filters=filters(service=platform.service)) == []
    assert list((platform.folder / "endpoint-models").glob("*")) == []


@pytest.fixture
def bucket(service):
    """A bucket of the test's own."""
    name = unique("bucket")
    service.s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(autouse=True)
def endpoints_are_deleted(service):
    """Each test starts without endpoints, and its containers are gone when it ends."""
    yield
    for endpoint in service.sagemaker.list_endpoints()["Endpoints"]:
        if endpoint["EndpointStatus"] != "Deleting":
            service.sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])
    wait_for(lambda: not service.sagemaker.list_endpoints()["Endpoints"])
    assert find(service.platform.engine, service=service.platform.service) == []
