"""The operations about transform jobs, as far as no container starts: what is refused, told, listed and recovered."""

import json
import time
from types import SimpleNamespace

import pytest

from local_test.api.access_keys import AccessKeys
from local_test.api.errors import ResourceInUse, ResourceNotFound, ValidationException
from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.tags import Tags
from local_test.host.container_access import ContainerAccess
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.identity import new_access_key
from local_test.host.state import State
from local_test.host.writable_folder import WritableFolders
from local_test.serving.models import Models
from local_test.storage.local_files import LocalFiles
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore
from local_test.transform.transform_jobs import TransformJobs

DEADLINE = 30
LABELS = ("multi-models", "accept-bind-to-port")
CONTAINER = {"Image": "image", "ModelDataUrl": "s3://data/model.tar.gz"}


class Service:
    """The operations on a folder of state. Its engine has images alone: a job here ends before it would need more."""

    def __init__(self, folder):
        self.folder = folder
        self.start()
        self.objects.ensure_bucket("data")
        self.objects.put_bytes("s3://data/model.tar.gz", b"packed")
        self.call(
            "CreateModel",
            ModelName="model",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/role",
            PrimaryContainer=CONTAINER,
        )

    def start(self):
        self.objects = ObjectStore(self.folder / "s3", ACCOUNT, "us-east-1")
        self.state = State(self.folder / "records")
        labels = {f"com.amazonaws.sagemaker.capabilities.{name}": "true" for name in LABELS}
        image = SimpleNamespace(labels=labels)
        platform = Platform(
            SimpleNamespace(images=SimpleNamespace(get=lambda id: image)),
            "test",
            self.folder,
            "us-east-1",
            self.state,
            self.objects,
            LogGroups(ACCOUNT, "us-east-1", self.folder / "logs"),
            Metrics(ACCOUNT, "us-east-1", self.folder / "metrics"),
            lambda uri: "sha256:0",
            LocalFiles([self.folder.parent], self.folder),
            ContainerAccess(AccessKeys(new_access_key("AKIA"), ACCOUNT), "us-east-1", None),
            WritableFolders(None, "test", self.folder),
        )
        tags = Tags(platform.state)
        models = Models(platform, tags)
        self.jobs = TransformJobs(platform, tags, models)
        self.jobs.recover()
        self.api = SageMakerApi(tags, models, self.jobs)

    def call(self, operation, **request):
        return self.api.call(operation, request)

    def create(self, name="job", **changes):
        """A job whose input is not there."""
        return self.call(
            "CreateTransformJob",
            **{
                "TransformJobName": name,
                "ModelName": "model",
                "TransformInput": {
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/nothing"}}
                },
                "TransformOutput": {"S3OutputPath": "s3://data/out"},
                "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
                **changes,
            },
        )

    def ended(self, name="job"):
        deadline = time.monotonic() + DEADLINE
        while (found := self.call("DescribeTransformJob", TransformJobName=name))["TransformJobStatus"] == "InProgress":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return found


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    service.jobs.stop_all()


def test_a_job_without_input_fails_and_says_which_uri_has_nothing(service):
    arn = service.create()["TransformJobArn"]
    described = service.ended()
    assert (described["TransformJobStatus"], described["TransformJobArn"]) == ("Failed", arn)
    assert described["FailureReason"].startswith('ClientError: No S3 objects found under S3 URL "s3://data/nothing"')
    assert described["TransformEndTime"] >= described["TransformStartTime"] >= described["CreationTime"]
    assert described["ModelName"] == "model" and "LastModifiedTime" not in described


def test_a_model_without_its_data_fails_the_job_and_says_which(service):
    service.objects.put_bytes("s3://data/in/a", b"1")
    service.create(
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}}}
    )
    assert "s3://data/model.tar.gz" in service.ended()["FailureReason"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ([{"prefix": "file:///etc/"}, "hostname"], "can only name objects in S3"),
        ([{"prefix": "s3://data/in/"}, "/etc/x"], "begins with a slash"),
    ],
)
def test_a_manifest_that_would_touch_this_machine_fails_the_job_and_says_why(service, manifest, message):
    service.objects.put_bytes("s3://data/in/a", b"1")
    service.objects.put_bytes("s3://data/manifest", json.dumps(manifest).encode())
    service.create(
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://data/manifest"}}}
    )
    assert message in service.ended()["FailureReason"]


def test_an_output_whose_name_is_too_long_is_found_before_a_container_starts(service):
    service.objects.put_bytes("s3://data/in/" + "a" * 253, b"1")
    service.create(
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}}},
        TransformOutput={"S3OutputPath": (service.folder.parent / "out").as_uri()},
    )
    assert "257 bytes" in service.ended()["FailureReason"]


def test_a_name_is_taken_once(service):
    service.create()
    with pytest.raises(ResourceInUse, match="transform-job/job"):
        service.create()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ModelName": "nobody"}, "Could not find model .*model/nobody"),
        (
            {"TransformOutput": {"S3OutputPath": "s3://nobucket/out"}},
            "TransformOutput.S3OutputPath: There is no bucket nobucket",
        ),
        ({"TransformOutput": {"S3OutputPath": "https://data/out"}}, "TransformOutput.S3OutputPath"),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://data/captured"}}, "does not support DataCaptureConfig"),
        ({"BatchStrategy": "AllRecords"}, "batchStrategy"),
        (
            {"TransformOutput": {"S3OutputPath": "file:///etc/out"}},
            "TransformOutput.S3OutputPath: file:///etc/out is outside the folders",
        ),
        (
            {"TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "file:///etc"}}}},
            "TransformInput.DataSource.S3DataSource.S3Uri: file:///etc is outside the folders",
        ),
    ],
)
def test_what_cannot_run_is_refused_before_a_job_is_there(service, changes, message):
    with pytest.raises(ValidationException, match=message):
        service.create(**changes)
    assert service.call("ListTransformJobs")["TransformJobSummaries"] == []


PREFIX = {"S3DataSource": {"S3Uri": "s3://data/model/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
TWO = [{**CONTAINER, "ContainerHostname": name} for name in ("first", "second")]


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ({"PrimaryContainer": {"Image": "image", "ModelDataSource": PREFIX}}, "does not take ModelDataSource"),
        (
            {"PrimaryContainer": {"Image": "image", "Mode": "MultiModel", "ModelDataUrl": "s3://data/model/"}},
            "does not take Mode MultiModel",
        ),
        (
            {"Containers": TWO, "InferenceExecutionConfig": {"Mode": "Direct"}},
            "does not take direct invocation",
        ),
    ],
)
def test_a_model_that_batch_transform_does_not_take_is_refused(service, model, named):
    service.objects.put_bytes("s3://data/model/weights", b"x")
    service.call("CreateModel", ModelName="other", ExecutionRoleArn="arn:aws:iam::123456789012:role/role", **model)
    with pytest.raises(ValidationException, match=f"ModelName: batch transform {named}"):
        service.create(ModelName="other")


def test_jobs_that_are_not_there_are_not_described_and_not_stopped(service):
    with pytest.raises(ValidationException, match="nobody"):
        service.call("DescribeTransformJob", TransformJobName="nobody")
    with pytest.raises(ResourceNotFound, match="nobody"):
        service.call("StopTransformJob", TransformJobName="nobody")


def test_a_job_that_has_ended_cannot_be_stopped(service):
    service.create()
    service.ended()
    with pytest.raises(ValidationException, match="transform job is in status Failed"):
        service.call("StopTransformJob", TransformJobName="job")


def test_jobs_are_listed_ten_at_a_time_the_newest_first(service):
    names = [f"job-{number:02d}" for number in range(12)]
    for name in names:
        service.create(name)
        service.ended(name)
    first = service.call("ListTransformJobs")
    rest = service.call("ListTransformJobs", NextToken=first["NextToken"])
    assert [one["TransformJobName"] for one in first["TransformJobSummaries"] + rest["TransformJobSummaries"]] == names[
        ::-1
    ]
    assert "NextToken" not in rest
    assert set(first["TransformJobSummaries"][0]) == {
        "TransformJobName",
        "TransformJobArn",
        "CreationTime",
        "TransformEndTime",
        "LastModifiedTime",
        "TransformJobStatus",
        "FailureReason",
    }
    found = service.call(
        "ListTransformJobs", NameContains="1", StatusEquals="Failed", SortBy="Name", SortOrder="Ascending"
    )
    assert [one["TransformJobName"] for one in found["TransformJobSummaries"]] == ["job-01", "job-10", "job-11"]


def test_what_a_killed_service_left_has_failed_and_what_had_ended_is_as_it_was(service):
    service.create("ended")
    before = service.ended("ended")
    records = service.state.records("transform-job")
    for name, status in (("running", "InProgress"), ("stopping", "Stopping")):
        records.create(name, {**before, "TransformJobName": name, "TransformJobStatus": status, "FailureReason": None})
    (service.folder / "transform-unfinished/running").mkdir(parents=True)
    service.start()
    for name in ("running", "stopping"):
        described = service.ended(name)
        assert described["TransformJobStatus"] == "Failed"
        assert described["FailureReason"].startswith(
            "InternalServerError: The local SageMaker ended while the job ran."
        )
        assert described["TransformEndTime"] > before["TransformEndTime"]
    assert service.ended("ended") == before
    assert not (service.folder / "transform-unfinished").exists()
