"""CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob. SageMaker has no DeleteTransformJob.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

import shutil
import threading
import time
from typing import Any

from local_test.api.errors import ResourceInUse, ResourceNotFound, ValidationException
from local_test.api.listing import one_page
from local_test.api.supported_fields import without_effect
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.serving.model_definition import is_direct, is_multi_model, model_containers
from local_test.serving.model_folder import ModelFolders
from local_test.serving.models import Models
from local_test.storage.destination import Destination
from local_test.transform.supported_fields import check
from local_test.transform.transform_job import Outcome, TransformJob

UNFINISHED = ("InProgress", "Stopping")
SUMMARY = (
    "TransformJobName",
    "TransformJobArn",
    "CreationTime",
    "TransformEndTime",
    "LastModifiedTime",
    "TransformJobStatus",
    "FailureReason",
)
PAGE = 10  # ListTransformJobs without MaxResults
RESTARTED = "InternalServerError: The local SageMaker ended while the job ran. Create the job anew under another name."


class TransformJobs:
    """The transform jobs of one service. `recover` is called at its start, `stop_all` at its end."""

    def __init__(self, platform: Platform, tags: Tags, models: Models):
        self._platform, self._tags, self._models = platform, tags, models
        self._records = platform.state.records("transform-job")
        self._folders = ModelFolders(platform.objects, platform.files, platform.folder / "transform-models")
        self._work = platform.folder / "transform-unfinished"
        self._lock = threading.Lock()
        self._running: dict[str, tuple[TransformJob, threading.Thread]] = {}

    def create_transform_job(self, request: dict[str, Any]) -> dict[str, Any]:
        request = {field: value for field, value in request.items() if value is not None}
        check(request, self._platform.strict)
        name = request["TransformJobName"]
        model = self._models.get(request["ModelName"])
        check_transformable(model)
        self._check_uris(request)
        arn, now = self._platform.arn("transform-job", name), time.time()
        record = {
            **{field: value for field, value in request.items() if field != "Tags"},
            "TransformJobArn": arn,
            "TransformJobStatus": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        fields = _without_effect(request, model)
        job = TransformJob(self._platform, request, model, self._folders, self._work / name, fields)
        thread = threading.Thread(target=self._run, args=(name, job), name=f"transform-job {name}", daemon=True)
        with self._lock:
            if not self._records.create(name, record):
                raise ResourceInUse(
                    "Job name must be unique within an AWS account and region, and a job with this name already "
                    f"exists ({arn})."
                )
            self._running[name] = (job, thread)
            thread.start()
            self._tags.set(arn, request.get("Tags"))
        return {"TransformJobArn": arn}

    def describe_transform_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.get(request["TransformJobName"])
        if record is None:
            raise ValidationException(f"Could not find requested job with name: {request['TransformJobName']}")
        return {field: value for field, value in record.items() if field != "LastModifiedTime"}

    def list_transform_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        summaries = [{field: record[field] for field in SUMMARY if field in record} for record in self._records.all()]
        return one_page(summaries, {"MaxResults": PAGE, **request}, "TransformJob", "TransformJobSummaries")

    def stop_transform_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TransformJobName"]
        with self._lock:
            record = self._records.get(name)
            if record is None:
                raise ResourceNotFound(f"Could not find requested job with name: {name}")
            status = record["TransformJobStatus"]
            if status not in UNFINISHED:
                raise ValidationException(f"The request was rejected because the transform job is in status {status}.")
            if self._running[name][0].stop(Outcome("Stopped")):
                self._records.update(name, TransformJobStatus="Stopping", LastModifiedTime=time.time())
        return {}

    def recover(self) -> None:
        """Jobs that ran when the service ended, however it ended, have failed; their unfinished outputs go."""
        for record in self._records.all():
            if record["TransformJobStatus"] in UNFINISHED:
                self._finish(record["TransformJobName"], Outcome("Failed", RESTARTED))
        shutil.rmtree(self._work, ignore_errors=True)

    def stop_all(self) -> None:
        """The service ends: what runs fails, its containers are gone when this returns."""
        with self._lock:
            running = list(self._running.values())
        for job, _ in running:
            job.stop(Outcome("Failed", RESTARTED))
        for _, thread in running:
            thread.join()

    def _check_uris(self, request: dict[str, Any]) -> None:
        """Whether the input is absent is found out by the job, as on AWS; that it may not be read is said at once."""
        try:
            self._platform.files.check(request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
        except ValueError as error:
            raise ValidationException(f"TransformInput.DataSource.S3DataSource.S3Uri: {error}") from error
        try:
            Destination(self._platform.objects, self._platform.files, self._work).check(
                request["TransformOutput"]["S3OutputPath"]
            )
        except (ValueError, OSError) as error:
            raise ValidationException(f"TransformOutput.S3OutputPath: {error}") from error

    def _run(self, name: str, job: TransformJob) -> None:
        self._records.update(name, TransformStartTime=time.time())
        outcome = job.run()
        shutil.rmtree(self._work / name, ignore_errors=True)
        with self._lock:
            self._finish(name, outcome)
            del self._running[name]

    def _finish(self, name: str, outcome: Outcome) -> None:
        now = time.time()
        self._records.update(
            name,
            TransformJobStatus=outcome.status,
            FailureReason=outcome.reason,
            TransformEndTime=now,
            LastModifiedTime=now,
        )


def _without_effect(request: dict[str, Any], model: dict[str, Any]) -> list[str]:
    """The fields of the job and of its model that have no effect here."""
    of_model = [f"{field} of model {model['ModelName']}" for field in without_effect("CreateModel", model)]
    return without_effect("CreateTransformJob", request) + of_model


def check_transformable(model: dict[str, Any]) -> None:
    """Raise ValidationException for a model that batch transform does not take.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html says so of ModelDataSource.
    """
    name = model["ModelName"]
    if any("ModelDataSource" in one.definition for one in model_containers(model)):
        raise ValidationException(
            f"ModelName: batch transform does not take ModelDataSource, which {name} has. "
            "Give the model a ModelDataUrl."
        )
    if is_multi_model(model):
        raise ValidationException(f"ModelName: batch transform does not take Mode MultiModel, which {name} has.")
    if is_direct(model):
        raise ValidationException(
            f"ModelName: batch transform does not take direct invocation, which {name} has. "
            "Give the model InferenceExecutionConfig.Mode Serial."
        )
