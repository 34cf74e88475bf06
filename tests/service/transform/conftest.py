"""A test image whose `serve` does what the tests ask of it, and transform jobs around it."""

import json
import uuid
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from local_test.api.access_keys import AccessKeys
from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.container_access import ContainerAccess
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.identity import new_access_key
from local_test.host.labels import find
from local_test.host.state import State
from local_test.host.writable_folder import WritableFolders
from local_test.serving.models import Models
from local_test.storage.local_files import LocalFiles
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore
from local_test.transform.transform_jobs import TransformJobs
from tests.local_service import until
from tests.service.program_image import archive, program_image

REGION = "us-east-1"


@pytest.fixture(scope="session")
def image(engine, serve_image):
    with program_image(engine, serve_image, Path(__file__).with_name("serve.py")) as tag:
        yield tag


class Jobs:
    """The API's operations on a folder of state, as a service has them; `restart` is a service that comes back to
    it.
    """

    def __init__(self, engine, image, folder):
        self.engine, self.image, self.folder = engine, image, folder
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.restart()
        self.objects.ensure_bucket("data")
        self.put("model/model.tar.gz", archive({"name": b"the model"}, "w:gz"))
        self.model("model")

    def restart(self):
        self.objects = ObjectStore(self.folder / "s3", ACCOUNT, REGION)
        self.logs = LogGroups(ACCOUNT, REGION, self.folder / "logs")
        platform = Platform(
            self.engine,
            self.name,
            self.folder,
            REGION,
            State(self.folder / "records"),
            self.objects,
            self.logs,
            Metrics(ACCOUNT, REGION, self.folder / "metrics"),
            self.local_image,
            LocalFiles([self.folder.parent], self.folder),
            ContainerAccess.through(self.engine, AccessKeys(new_access_key("AKIA"), ACCOUNT), REGION),
            WritableFolders(self.engine, self.name, self.folder),
        )
        tags = Tags(platform.state)
        models = Models(platform, tags)
        self.jobs = TransformJobs(platform, tags, models)
        self.jobs.recover()
        self._api = SageMakerApi(tags, models, self.jobs)

    def local_image(self, uri):
        try:
            return self.engine.images.get(uri).id
        except ImageNotFound:
            raise ValueError(f"There is no image {uri}.") from None

    def call(self, operation, **request):
        return self._api.call(operation, request)

    def model(self, name, **environment):
        self.call(
            "CreateModel",
            ModelName=name,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/a-role",
            PrimaryContainer={
                "Image": self.image,
                "ModelDataUrl": "s3://data/model/model.tar.gz",
                "Environment": environment,
            },
        )

    def pipeline(self, name, *environments):
        """A model with a container for each environment."""
        containers = [{"Image": self.image, "Environment": environment} for environment in environments]
        self.call(
            "CreateModel",
            ModelName=name,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/a-role",
            Containers=containers,
        )

    def put(self, key, data):
        self.objects.put_bytes(f"s3://data/{key}", data)

    def out(self, prefix="out/"):
        """Outputs by their names below the prefix."""
        return {one.key.removeprefix(prefix): one.path.read_bytes() for one in self.objects.list(f"s3://data/{prefix}")}

    def create(
        self,
        name="job",
        model="model",
        input="s3://data/in/",
        output="s3://data/out",
        kind=None,
        split=None,
        instances=1,
        given=None,
        made=None,
        **more,
    ):
        """given, made: more fields of TransformInput and TransformOutput."""
        self.call(
            "CreateTransformJob",
            TransformJobName=name,
            ModelName=model,
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": input}},
                **({"ContentType": kind} if kind else {}),
                **({"SplitType": split} if split else {}),
                **(given or {}),
            },
            TransformOutput={"S3OutputPath": output, **(made or {})},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": instances},
            **more,
        )

    def describe(self, name="job"):
        return self.call("DescribeTransformJob", TransformJobName=name)

    def ended(self, name="job"):
        return until(
            lambda: (found := self.describe(name))["TransformJobStatus"] not in ("InProgress", "Stopping") and found
        )

    def run(self, **request):
        self.create(**request)
        return self.ended(request.get("name", "job"))

    def lines(self, name="job", kind=""):
        """Every line of the job's log streams that end with `kind`."""
        group = self.logs._backend.groups.get("/aws/sagemaker/TransformJobs")
        streams = dict(group.streams) if group else {}
        return [
            event.message
            for stream, kept in streams.items()
            if stream.startswith(f"{name}/") and stream.endswith(kind)
            for event in list(kept.events)
        ]

    def containers(self):
        return find(self.engine, service=self.name)


def json_lines(data):
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def jobs(engine, image, tmp_path):
    made = Jobs(engine, image, tmp_path / "service")
    yield made
    made.jobs.stop_all()
    left = made.containers()
    for container in left:
        container.remove(force=True)
    assert left == [], "every container is gone when the jobs have ended"
    assert not list((made.folder / "transform-unfinished").glob("*/*")), "no unfinished output is left"
    assert not list((made.folder / "transform-models").glob("*")), "no model folder is left"
