"""The serving operations that need no engine, on records in a folder of the test's own."""

from types import SimpleNamespace

import pytest

from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.emulator_settings import ACCOUNT
from local_test.host.state import State
from local_test.serving.endpoint_configs import EndpointConfigs
from local_test.serving.endpoints import Endpoints
from local_test.serving.inference_components import InferenceComponents
from local_test.serving.models import Models
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore

LABELS = {f"com.amazonaws.sagemaker.capabilities.{name}": "true" for name in ("multi-models", "accept-bind-to-port")}


def arn(kind, name):
    return f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"


def local_image(uri):
    """Of an engine that has every image but `nowhere`."""
    if uri.startswith("nowhere"):
        raise ValueError(f"The engine has no image {uri}.")
    return "sha256:0"


@pytest.fixture
def api(tmp_path):
    """The bucket `bucket` has one model archive."""
    folder = tmp_path / "service"
    state, files = State(folder), LocalFiles([tmp_path], folder)
    objects = ObjectStore(folder / "s3", ACCOUNT, "us-east-1")
    objects.ensure_bucket("bucket")
    objects.put_bytes("s3://bucket/models/a.tar.gz", b"packed")
    platform = SimpleNamespace(
        state=state,
        folder=folder,
        objects=objects,
        files=files,
        region="us-east-1",
        arn=arn,
        local_image=local_image,
        engine=SimpleNamespace(images=SimpleNamespace(get=lambda id: SimpleNamespace(labels=LABELS))),
        strict=False,
        logs=SimpleNamespace(write=lambda *line: None),
    )
    tags = Tags(state)
    models, configs = Models(platform, tags), EndpointConfigs(platform, tags)
    endpoints = Endpoints(platform, tags, models, configs)
    return SageMakerApi(tags, models, configs, endpoints, InferenceComponents(platform, tags, models, endpoints))
