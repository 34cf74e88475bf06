"""The images that `make build` made from this tree, as jobs and endpoints of the local SageMaker."""

import itertools
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError
from docker.models.containers import Container

from local_test.demo.sample_data import SampleSize, draw_sample_data
from local_test.host.labels import ENDPOINT, NAME, find
from local_test.service_address import control
from local_test.serving.container_network import address
from tests.local_service import Local, until

TINY = {
    "pretrained": "none",
    "arch": "shufflenet_v2_x0_5",
    "image-size": "32",
    "epochs": "1",
    "batch-size": "8",
    "sagemaker_container_log_level": "30",
    "debugger": "false",
    "profiler": "false",  # what takes seconds, and has tests of its own
}
NUMBERS = itertools.count(1)
ENDED = ("Completed", "Failed", "Stopped")


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "sample"
    draw_sample_data(folder, SampleSize(breeds=3, train=8, valid=2, test=2))
    return folder


@dataclass(frozen=True)
class Ended:
    """A training job at its end: what Describe says, and the lines of its log."""

    description: dict
    lines: list[str]

    @property
    def status(self) -> str:
        return self.description["TrainingJobStatus"]

    @property
    def log(self) -> str:
        return "\n".join(self.lines)


class TrainingJobs:
    def __init__(self, local: Local, image: str, sample):
        self._local, self._image, self._sample = local, image, sample
        self._api = local.client("sagemaker")

    def start(self, changes: dict | None = None, channels: dict | None = None, **hyperparameters) -> str:
        """changes: top-level fields of the request. channels: further channels, folder by name. Returns the job's
        name.
        """
        name = f"images-{next(NUMBERS)}"
        folders = {split: self._sample / split for split in ("train", "valid", "test")} | (channels or {})
        request = {
            "TrainingJobName": name,
            "AlgorithmSpecification": {"TrainingImage": self._image, "TrainingInputMode": "File"},
            "RoleArn": self._local.address.role,
            "HyperParameters": {**TINY, **hyperparameters},
            "InputDataConfig": [
                {
                    "ChannelName": channel,
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": folder.as_uri()}},
                }
                for channel, folder in folders.items()
            ],
            "OutputDataConfig": {"S3OutputPath": self._local.uri("jobs")},
            "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            **(changes or {}),
        }
        self._api.create_training_job(**request)
        return name

    def ended(self, name: str) -> Ended:
        def description():
            found = self._api.describe_training_job(TrainingJobName=name)
            return found["TrainingJobStatus"] in ENDED and found

        return Ended(until(description, 600), self.log(name).splitlines())

    def run(self, **options) -> Ended:
        return self.ended(self.start(**options))

    def log(self, name: str) -> str:
        return self._local.log("/aws/sagemaker/TrainingJobs", f"{name}/")

    def stop(self, name: str) -> None:
        self._api.stop_training_job(TrainingJobName=name)

    def interrupt(self, name: str) -> None:
        """Take a spot job's instances away."""
        control(self._local.folder, self._local.address, f"interrupt?job={name}", "POST")


@pytest.fixture(scope="session")
def jobs(local, train_image, sample):
    return TrainingJobs(local, train_image, sample)


@pytest.fixture(scope="session")
def model(jobs):
    """URI of the model.tar.gz of a short training job."""
    job = jobs.run()
    assert job.status == "Completed", job.log
    return job.description["ModelArtifacts"]["S3ModelArtifacts"]


class ModelError(Exception):
    """What the container answered: its own status and body."""

    def __init__(self, status: int, body: str):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


@dataclass(frozen=True)
class Endpoint:
    """url: of the container itself, as this machine reaches it."""

    name: str
    container: Container
    url: str
    runtime: object

    def invoke(self, body: bytes, content_type: str) -> bytes:
        """InvokeEndpoint. Raises ModelError."""
        try:
            return self.runtime.invoke_endpoint(
                EndpointName=self.name, Body=body, ContentType=content_type, Accept="application/json"
            )["Body"].read()
        except ClientError as error:
            raise ModelError(error.response["OriginalStatusCode"], error.response["OriginalMessage"]) from error

    def post(self, body: bytes, content_type: str) -> bytes:
        """POST /invocations to the container itself, past the platform and its limits. Raises urllib's errors."""
        request = urllib.request.Request(f"{self.url}/invocations", body, {"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()


@pytest.fixture(scope="session")
def serving(local, engine, serve_image):
    """A context that serves a model: serving(model URI, environment) -> Endpoint. Fails the test with the
    FailureReason. image: by default the serve image.
    """
    api = local.client("sagemaker")

    @contextmanager
    def serve(model: str, environment: dict | None = None, image: str = serve_image):
        name = f"images-{next(NUMBERS)}"
        container = {"Image": image, "ModelDataUrl": model, "Environment": environment or {}}
        variant = {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.g4dn.xlarge"}
        api.create_model(ModelName=name, ExecutionRoleArn=local.address.role, PrimaryContainer=container)
        api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        api.create_endpoint(EndpointName=name, EndpointConfigName=name)
        try:
            described = until(
                lambda: (found := api.describe_endpoint(EndpointName=name))["EndpointStatus"] != "Creating" and found,
                120,
            )
            assert described["EndpointStatus"] == "InService", described.get("FailureReason")
            [running] = [one for one in find(engine, ENDPOINT, local.address.name) if one.labels[NAME] == name]
            host, port = address(running, 8080)
            yield Endpoint(name, running, f"http://{host}:{port}", local.client("sagemaker-runtime"))
        finally:
            api.delete_endpoint(EndpointName=name)
            until(lambda: name not in [one["EndpointName"] for one in api.list_endpoints()["Endpoints"]])

    return serve
