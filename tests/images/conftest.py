"""The images that `make build` made from this tree, and a model that the train image made."""

import pytest

from local_test.engine import connect
from local_test.labels import find
from local_test.local_request import training_request
from local_test.sample_data import SampleSize, draw_sample_data
from local_test.training_job import run_training_job
from tests.built_images import built_image

TINY = {"pretrained": "none", "arch": "shufflenet_v2_x0_5", "image-size": "32", "epochs": "1", "batch-size": "8"}


@pytest.fixture(scope="session")
def client():
    return connect()


@pytest.fixture(scope="session")
def train_image():
    return built_image("train")


@pytest.fixture(scope="session")
def serve_image():
    return built_image("serve")


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "sample"
    draw_sample_data(folder, SampleSize(breeds=3, train=8, valid=2, test=2))
    return folder


@pytest.fixture
def run_job(client, train_image, sample, tmp_path):
    """Run a training job with these hyperparameters; returns its result and the lines of its log.

    changes: top-level fields of the request. channels: further channels, folder by name.
    """
    def run(changes=None, channels=None, **hyperparameters):
        request = training_request(train_image, sample, {**TINY, **hyperparameters}, tmp_path / "jobs")
        request.update(changes or {})
        for name, folder in (channels or {}).items():
            request["InputDataConfig"].append(
                {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": folder.as_uri()}}}
            )
        lines = []
        return run_training_job(client, request, lines.append), lines

    return run


@pytest.fixture(scope="session")
def model(client, train_image, sample, tmp_path_factory):
    """model.tar.gz of a short training job."""
    request = training_request(train_image, sample, TINY, tmp_path_factory.mktemp("model"))
    lines = []
    result = run_training_job(client, request, lines.append)
    assert result.status == "Completed", "\n".join(lines)
    return result.model


@pytest.fixture(autouse=True)
def nothing_is_left_behind(client):
    before = {container.id for container in find(client)}
    yield
    assert {container.id for container in find(client)} <= before
