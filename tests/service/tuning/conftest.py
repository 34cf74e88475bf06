"""Tuning jobs of the tests: trials that run a few lines of Python, so that each behaves as its test needs."""

import itertools
import json
from pathlib import Path

import pytest

from tests.local_service import Local, until

NUMBERS = itertools.count(1)
ENDED = ("Completed", "Failed", "Stopped")
GROUP = "/aws/sagemaker/TrainingJobs"
X = {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]}
REPORT_X = "print('epoch=1 valid_accuracy=' + given['x'])"


def grid(**values: list[str]) -> dict:
    return {"CategoricalParameterRanges": [{"Name": name, "Values": choices} for name, choices in values.items()]}


class Tuning:
    """The tuning jobs of one service."""

    def __init__(self, local: Local, image: str, scripts: Path):
        self.local, self._image, self._scripts = local, image, scripts
        self.api = local.client("sagemaker")

    def request(
        self,
        script: str,
        ranges: dict = X,
        most: int | None = None,
        parallel: int = 1,
        strategy: str = "Random",
        definition=None,
        config=None,
        **changes,
    ) -> dict:
        """A request whose trials run `script`. definition, config: more fields of TrainingJobDefinition and of the
        config.
        """
        name = f"tuning-{next(NUMBERS)}"
        self.scripts(name).mkdir(parents=True)
        (self.scripts(name) / "run.py").write_text(script)
        source = {"S3DataType": "S3Prefix", "S3Uri": self.scripts(name).as_uri()}
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "valid_accuracy"},
                "ResourceLimits": {
                    "MaxParallelTrainingJobs": parallel,
                    **({"MaxNumberOfTrainingJobs": most} if most else {}),
                },
                "ParameterRanges": ranges,
                **(config or {}),
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingImage": self._image,
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": "valid_accuracy", "Regex": r"valid_accuracy=(\S+)"}],
                },
                "RoleArn": self.local.address.role,
                "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
                "OutputDataConfig": {"S3OutputPath": self.local.uri("tuning")},
                "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
                "StoppingCondition": {"MaxRuntimeInSeconds": 600},
                **(definition or {}),
            },
            **changes,
        }

    def scripts(self, name: str) -> Path:
        """The folder that the trials have as their channel `code`."""
        return self._scripts / name

    def start(self, script: str, *arguments, **options) -> str:
        request = self.request(script, *arguments, **options)
        self.api.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def run(self, script: str, *arguments, **options) -> dict:
        return self.ended(self.start(script, *arguments, **options))

    def ended(self, name: str) -> dict:
        return until(lambda: (job := self.job(name))["HyperParameterTuningJobStatus"] in ENDED and job)

    def job(self, name: str) -> dict:
        return self.api.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def trials(self, name: str, **asked) -> list[dict]:
        pages = self.api.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, **asked
        )
        return [trial for page in pages for trial in page["TrainingJobSummaries"]]

    def by(self, name: str, hyperparameter: str) -> dict[str, dict]:
        """Trials by their value of one hyperparameter; each value must have been tried once."""
        trials = self.trials(name)
        found = {trial["TunedHyperParameters"][hyperparameter]: trial for trial in trials}
        assert len(found) == len(trials)
        return found

    def log(self, trial: dict) -> list[str]:
        return self.local.log(GROUP, f"{trial['TrainingJobName']}/").splitlines()

    def until_running(self, name: str, number: int, printed: str = "ready") -> list[dict]:
        """Wait until so many trials have printed this."""
        return until(
            lambda: len(found := [one for one in self.trials(name) if printed in self.log(one)]) == number and found
        )

    def printed_json(self, trial: dict) -> dict:
        return json.loads(self.log(trial)[0])


@pytest.fixture(scope="module")
def tuning(local, trial_image, tmp_path_factory):
    return Tuning(local, trial_image, tmp_path_factory.mktemp("scripts"))
