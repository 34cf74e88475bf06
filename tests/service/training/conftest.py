"""Training jobs of the tests: a shell or Python script in the train image, so that each behaves as its test needs."""

import itertools
from pathlib import Path

import pytest

from local_test.host.labels import NAME, TRAINING, filters
from tests.local_service import until

NUMBERS = itertools.count(1)
ENDED = ("Completed", "Failed", "Stopped")
GROUP = "/aws/sagemaker/TrainingJobs"


class Jobs:
    def __init__(self, local, image: str, scripts: Path):
        self._local, self._image, self._scripts = local, image, scripts
        self.api = local.client("sagemaker")

    def request(self, script: str, instances: int = 1, channels: dict | None = None, **changes) -> dict:
        """A request whose container runs `script` with sh. channels: name -> S3DataSource, or a whole channel."""
        name = f"job-{next(NUMBERS)}"
        (self._scripts / name).mkdir(parents=True)
        (self._scripts / name / "run").write_text(script)
        inputs = [
            {
                "ChannelName": "code",
                "InputMode": "File",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": (self._scripts / name).as_uri()}},
            }
        ]
        for channel, source in (channels or {}).items():
            whole = (
                source
                if "DataSource" in source
                else {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **source}}}
            )
            inputs.append({"ChannelName": channel, **whole})
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": self._image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ["sh", "/opt/ml/input/data/code/run"],
            },
            "RoleArn": self._local.address.role,
            "InputDataConfig": inputs,
            "OutputDataConfig": {"S3OutputPath": self._local.uri("jobs")},
            "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": instances, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            **changes,
        }

    def start(self, script: str, **options) -> str:
        request = self.request(script, **options)
        self.api.create_training_job(**request)
        return request["TrainingJobName"]

    def run(self, script: str, **options) -> dict:
        return self.ended(self.start(script, **options))

    def ended(self, name: str) -> dict:
        return until(lambda: (job := self.job(name))["TrainingJobStatus"] in ENDED and job)

    def job(self, name: str) -> dict:
        return self.api.describe_training_job(TrainingJobName=name)

    def log(self, name: str) -> str:
        return self._local.log(GROUP, f"{name}/")

    def networks(self, engine, name: str) -> list:
        """The docker networks of one job. Jobs of the other test process may have the same name."""
        mine = filters(TRAINING, self._local.address.name)["label"]
        return engine.networks.list(filters={"label": [*mine, f"{NAME}={name}"]})

    def until_printed(self, name: str, text: str) -> None:
        until(lambda: text in self.log(name))


@pytest.fixture
def jobs(local, train_image, tmp_path):
    return Jobs(local, train_image, tmp_path / "scripts")
