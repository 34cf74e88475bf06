"""Processing jobs of the tests: a shell or Python script in the train image, so that each behaves as its test needs."""

import itertools

import pytest

from local_test.host.labels import NAME, PROCESSING, filters
from tests.local_service import until

NUMBERS = itertools.count(1)
ENDED = ("Completed", "Failed", "Stopped")
GROUP = "/aws/sagemaker/ProcessingJobs"
UNTIL_TOLD = "trap 'echo told to end; exit 0' TERM; echo started; while :; do sleep 0.1 & wait $!; done"


class Jobs:
    def __init__(self, local, image: str):
        self._local, self._image = local, image
        self.api = local.client("sagemaker")

    def request(
        self,
        script: str,
        instances: int = 1,
        inputs: dict | None = None,
        outputs: dict | None = None,
        seconds: int = 600,
        **changes,
    ) -> dict:
        """A request whose container runs `script` with sh; the whole of it is code of the job's own.

        Args:
            inputs: folder below /opt/ml/processing -> S3 URI, or fields of S3Input.
            outputs: folder below /opt/ml/processing -> S3UploadMode; they are stored below the job's name.
            seconds: MaxRuntimeInSeconds.
        """
        name = f"job-{next(NUMBERS)}"
        code = self._local.put(f"code/{name}/run", script.encode())
        sources = {"code": code, **(inputs or {})}
        return {
            "ProcessingJobName": name,
            "AppSpecification": {
                "ImageUri": self._image,
                "ContainerEntrypoint": ["sh", "/opt/ml/processing/code/run"],
            },
            "RoleArn": self._local.address.role,
            "ProcessingInputs": [
                {
                    "InputName": folder,
                    "S3Input": {
                        "S3DataType": "S3Prefix",
                        "LocalPath": f"/opt/ml/processing/{folder}",
                        **({"S3Uri": source} if isinstance(source, str) else source),
                    },
                }
                for folder, source in sources.items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": folder,
                        "S3Output": {
                            "S3Uri": self._local.uri(f"{name}/{folder}"),
                            "LocalPath": f"/opt/ml/processing/{folder}",
                            "S3UploadMode": mode,
                        },
                    }
                    for folder, mode in (outputs or {}).items()
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10}
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
            **changes,
        }

    def start(self, script: str, **options) -> str:
        request = self.request(script, **options)
        self.api.create_processing_job(**request)
        return request["ProcessingJobName"]

    def run(self, script: str, **options) -> dict:
        return self.ended(self.start(script, **options))

    def ended(self, name: str) -> dict:
        return until(lambda: (job := self.job(name))["ProcessingJobStatus"] in ENDED and job)

    def job(self, name: str) -> dict:
        return self.api.describe_processing_job(ProcessingJobName=name)

    def log(self, name: str) -> str:
        return self._local.log(GROUP, f"{name}/")

    def networks(self, engine, name: str) -> list:
        """The docker networks of one job. Jobs of the other test process may have the same name."""
        mine = filters(PROCESSING, self._local.address.name)["label"]
        return engine.networks.list(filters={"label": [*mine, f"{NAME}={name}"]})

    def until_printed(self, name: str, text: str) -> None:
        until(lambda: text in self.log(name))


@pytest.fixture
def jobs(local, train_image):
    return Jobs(local, train_image)
