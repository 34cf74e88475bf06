"""The serving operations that need no engine, on records in a folder of the test's own."""

from types import SimpleNamespace

import pytest

from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.state import State
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoints import Endpoints
from local_test.serving.models import Models
from local_test.storage.local_files import LocalFiles


def arn(kind, name):
    return f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"


@pytest.fixture
def api(tmp_path):
    folder = tmp_path / "service"
    state, files = State(folder), LocalFiles([tmp_path], folder)
    platform = SimpleNamespace(
        state=state, folder=folder, objects=None, files=files, region="us-east-1", arn=arn, strict=False
    )
    tags = Tags(state)
    models, configs = Models(platform, tags), EndpointConfigs(platform, tags)
    return SageMakerApi(tags, models, configs, Endpoints(platform, tags, models, configs))
