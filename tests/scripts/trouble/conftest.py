"""The programs before an AWS that has trouble. Nobody waits as long as they would."""

from types import SimpleNamespace

import boto3
import botocore.endpoint
import pytest

from scripts.aws import clients as aws_module
from scripts.aws import docker_cli, pace
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.training.jobs import job
from tests.scripts.trouble.troubled_aws import TroubledAws


@pytest.fixture
def slept(monkeypatch):
    """The seconds that botocore would have waited before its attempts."""
    found = []
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=found.append))
    monkeypatch.setattr(pace, "SHORTEST", 0.002)
    monkeypatch.setattr(pace, "LONGEST", 0.02)
    monkeypatch.setattr(docker_cli, "PUSH_PAUSES", (0.0,) * 4)
    return found


@pytest.fixture
def troubled(aws, sagemaker, moto_server, stand_in, slept, monkeypatch):
    """The environment names it; sessions find their credentials as those of a user do, each anew."""
    for service in ("s3", "ecr", "logs", "sts"):  # these tests' own clients go past it
        aws.client(service)
    server = TroubledAws(moto_server, stand_in[1])
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"):
        monkeypatch.setenv(name, server.address)
    monkeypatch.setattr(aws_module, "boto3", boto3)
    yield server
    server.close()


@pytest.fixture
def many_jobs(sagemaker):
    """A hundred training jobs, and no endpoint."""
    sagemaker.answers["DescribeEndpoint"] = Refusal("ValidationException", "Could not find endpoint.")
    sagemaker.answers["ListModels"] = {"Models": []}
    sagemaker.answers["ListEndpointConfigs"] = {"EndpointConfigs": []}
    sagemaker.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": f"dogbreed-train-{number}",
                "TrainingJobArn": "a",
                "CreationTime": 1,
                "TrainingJobStatus": "Completed",
            }
            for number in range(100)
        ]
    }
    return sagemaker


@pytest.fixture
def running_job(sagemaker, data, pushed_images, troubled):
    """A training job that is Completed once it was looked at eight times; the troubled AWS is before it."""
    looks = []

    def describe(request):
        looks.append(request)
        return job(request["TrainingJobName"], "InProgress" if len(looks) < 8 else "Completed")

    sagemaker.answers["CreateTrainingJob"] = {"TrainingJobArn": "arn"}
    sagemaker.answers["DescribeTrainingJob"] = describe
    return sagemaker


@pytest.fixture
def keys_in_a_file(troubled, monkeypatch, tmp_path):
    """Credentials stand in a file, as tools for single sign-on write it. Call it with the name of a key."""
    file = tmp_path / "credentials"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    def write(key: str):
        file.write_text(
            f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\naws_session_token = token-{key}\n"
        )

    write("OLD")
    return write


@pytest.fixture
def folder(tmp_path):
    """A data set of 60 files."""
    for number in range(60):
        split = ("train", "valid", "test")[number % 3]
        file = tmp_path / f"pictures/{split}/001.Beagle/{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(str(number).encode())
    return tmp_path / "pictures"
