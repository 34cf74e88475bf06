"""A test image whose `serve` does what the tests ask of it, and the serving parts of the service around it."""

from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from local_test.api.access_keys import AccessKeys
from local_test.host.container_access import ContainerAccess
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.identity import new_access_key
from local_test.host.labels import filters, find
from local_test.host.state import State
from local_test.host.writable_folder import WritableFolders
from local_test.storage.local_files import LocalFiles
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore
from tests.local_service import until
from tests.service.program_image import program_image
from tests.service.serving.harness import Harness, unique

REGION = "us-east-1"


@pytest.fixture(scope="session")
def image(engine, serve_image):
    with program_image(engine, serve_image, Path(__file__).with_name("serve.py")) as tag:
        yield tag


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """moto's records of this account: whoever takes them over last has them, so each file of tests does."""
    folder = tmp_path_factory.mktemp("storage")
    objects = ObjectStore(folder / "s3", ACCOUNT, REGION)
    return objects, LogGroups(ACCOUNT, REGION, folder / "logs"), Metrics(ACCOUNT, REGION, folder / "metrics")


@pytest.fixture(scope="module")
def platform(engine, storage, tmp_path_factory):
    """Of a service of its own for each file of tests."""
    objects, logs, metrics = storage
    folder = tmp_path_factory.mktemp("service")

    def local_image(uri):
        try:
            return engine.images.get(uri).id
        except ImageNotFound:
            raise ValueError(f"There is no image {uri} on this machine.") from None

    files = LocalFiles([tmp_path_factory.getbasetemp()], folder)
    access = ContainerAccess.through(engine, AccessKeys(new_access_key("AKIA"), ACCOUNT), REGION)
    service = unique("test")
    return Platform(
        engine,
        service,
        folder,
        REGION,
        State(folder / "records"),
        objects,
        logs,
        metrics,
        local_image,
        files,
        access,
        WritableFolders(engine, service, folder),
    )


@pytest.fixture(scope="module")
def service(platform, image, engine):
    with Harness(platform, image) as harness:
        yield harness
    assert find(engine, service=platform.service) == []
    assert engine.networks.list(filters=filters(service=platform.service)) == []
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
        service.delete(endpoint["EndpointName"])
    until(lambda: not service.sagemaker.list_endpoints()["Endpoints"])
    assert find(service.platform.engine, service=service.platform.service) == []
