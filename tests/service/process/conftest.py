"""Services of the tests' own that they may start, kill and start again."""

import pytest

from local_test.background import stop
from local_test.clean import remove_all
from tests.local_service import Local


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
