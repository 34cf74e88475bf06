"""Services of the tests' own that they may start, kill and start again."""

import pytest

from local_test.background import stop
from local_test.clean import remove_all
from tests.local_service import Local, until


@pytest.fixture
def served(tmp_path, engine):
    """served("name") -> a running service in a folder of that name; asked for again, it is started again."""
    started = []

    def start(name: str = "state") -> Local:
        local = Local(tmp_path / name)
        started.append(local)
        return local

    yield start
    for local in started:
        stop(local.folder)
        assert remove_all(engine, local.address.name) == []


@pytest.fixture
def training_request(train_image):
    """training_request(local, name, shell script): a CreateTrainingJob request."""

    def request(local, name, script, **changes):
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": train_image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "-c", script],
            },
            "RoleArn": local.address.role,
            "OutputDataConfig": {"S3OutputPath": local.uri("jobs")},
            "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }

    return request


@pytest.fixture
def run_script(served, training_request):
    """run_script(files, shell script, ...) -> the status of a job of that script, and what it printed.

    files: texts by name, which it finds in /opt/ml/input/data/code. The rest changes the request.
    """

    def run(files, script, **changes):
        local = served()
        jobs = local.client("sagemaker")
        for name, text in files.items():
            local.put(f"code/{name}", text.encode())
        data = {"S3DataType": "S3Prefix", "S3Uri": local.uri("code/"), "S3DataDistributionType": "FullyReplicated"}
        channel = {"ChannelName": "code", "DataSource": {"S3DataSource": data}}
        jobs.create_training_job(**training_request(local, "scripted", script, InputDataConfig=[channel], **changes))
        ended = until(lambda: status_of(jobs, "scripted"))
        return ended, local.log("/aws/sagemaker/TrainingJobs", "scripted")

    return run


def status_of(jobs, name: str) -> str | None:
    status = jobs.describe_training_job(TrainingJobName=name)["TrainingJobStatus"]
    return None if status == "InProgress" else status
