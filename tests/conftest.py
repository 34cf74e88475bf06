"""A local SageMaker of the tests' own, and the images of this tree."""

import pytest

from local_test.background import stop
from local_test.host.engine import connect
from local_test.host.labels import filters, find
from tests.built_images import built_image
from tests.local_service import Local


@pytest.fixture(scope="session")
def engine():
    return connect()


@pytest.fixture(scope="session")
def train_image():
    return built_image("train")


@pytest.fixture(scope="session")
def serve_image():
    return built_image("serve")


@pytest.fixture(scope="session")
def local(tmp_path_factory, engine):
    served = Local(tmp_path_factory.mktemp("local") / "state")
    yield served
    stop(served.folder)
    assert find(engine, service=served.address.name) == []
    assert engine.networks.list(filters=filters(service=served.address.name)) == []
    assert [path for path in served.folder.rglob("*") if path.stat().st_uid != served.folder.stat().st_uid] == []
