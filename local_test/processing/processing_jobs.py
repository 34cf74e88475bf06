"""CreateProcessingJob and its siblings: the requests about processing jobs.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
"""

import shutil
import threading
import time
from typing import Any

from local_test.api.errors import ResourceInUse, ResourceNotFound, ServiceUnavailable, ValidationException
from local_test.api.listing import one_page
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.processing import opt_ml, supported_fields
from local_test.processing.job_data import input_files
from local_test.processing.processing_run import RECORDS, RUNNING, End, ProcessingRun, end_of_record
from local_test.storage.destination import Destination
from local_test.training.job_ending import KILLED

UNFINISHED = ("InProgress", "Stopping")
SUMMARY = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "CreationTime",
    "ProcessingEndTime",
    "LastModifiedTime",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
)


class ProcessingJobs:
    """The processing jobs of one service. `recover` is called at its start, `stop_all` at its end."""

    def __init__(self, platform: Platform, tags: Tags):
        self._platform, self._tags = platform, tags
        self._records = platform.state.records(RECORDS)
        self._runs: dict[str, ProcessingRun] = {}
        self._lock = threading.Lock()
        self._ended = False

    def create_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        request = {field: value for field, value in request.items() if value is not None}
        supported_fields.check(request, self._platform.strict)
        name = request["ProcessingJobName"]
        arn, now = self._platform.arn("processing-job", name), time.time()
        taken = ResourceInUse(
            "Processing job names must be unique within an AWS account and region, and a processing job with this name "
            f"already exists ({arn})"
        )
        if self._records.get(name):
            raise taken
        record = opt_ml.with_defaults(request)
        tags = record.pop("Tags", None)
        try:
            image = self._platform.local_image(record["AppSpecification"]["ImageUri"])
        except ValueError as error:
            raise ValidationException(str(error)) from error
        self._check_data(record)
        record |= {
            "ProcessingJobArn": arn,
            "ProcessingJobStatus": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        run = ProcessingRun(self._platform, record, image)
        with self._lock:  # who sees the record can stop the run
            if self._ended:
                raise ServiceUnavailable("The local SageMaker is ending.")
            if not self._records.create(name, record):
                raise taken
            self._tags.set(arn, tags)
            self._runs[name] = run
            run.start()
        return {"ProcessingJobArn": arn}

    def describe_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._records.get(request["ProcessingJobName"])
        if record is None:
            raise ValidationException(f"Could not find requested job with name: {request['ProcessingJobName']}")
        return record

    def list_processing_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        summaries = [{field: record[field] for field in SUMMARY if field in record} for record in self._records.all()]
        return one_page(summaries, request, "ProcessingJob", "ProcessingJobSummaries")

    def stop_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ProcessingJobName"]
        with self._lock:
            record, run = self._found(name), self._runs.get(name)
        status = record["ProcessingJobStatus"]
        if status not in UNFINISHED:
            raise ValidationException(f"The request was rejected because the processing job is in status {status}.")
        if status == "InProgress" and run:
            run.stop()
        return {}

    def delete_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ProcessingJobName"]
        with self._lock:
            record = self._found(name)
            if record["ProcessingJobStatus"] in UNFINISHED:
                raise ResourceInUse(f"The processing job {name} is {record['ProcessingJobStatus']}. Stop it first.")
            self._records.delete(name)
            self._tags.forget(record["ProcessingJobArn"])
            self._runs.pop(name, None)
        return {}

    def recover(self) -> None:
        """Jobs that ran when the service ended, however it ended, have failed. What they had laid out goes."""
        shutil.rmtree(self._platform.folder / RUNNING, ignore_errors=True)
        for record in self._records.all():
            if record["ProcessingJobStatus"] in UNFINISHED:
                self._records.update(record["ProcessingJobName"], **end_of_record(End("Failed", KILLED)))

    def stop_all(self) -> None:
        with self._lock:
            self._ended = True
            runs = list(self._runs.values())
        for run in runs:
            run.kill()
        for run in runs:
            run.join()

    def _found(self, name: str) -> dict[str, Any]:
        record = self._records.get(name)
        if record is None:
            raise ResourceNotFound(f"Could not find requested job with name: {name}")
        return record

    def _check_data(self, record: dict[str, Any]) -> None:
        """What would otherwise fail after the job has begun."""
        try:
            for element in opt_ml.downloads(record):
                input_files(element, self._platform)
        except ValueError as error:
            raise ValidationException(str(error)) from error
        destination = Destination(self._platform.objects, self._platform.files, self._platform.folder)
        for element in opt_ml.uploads(record):
            try:
                destination.check(element["S3Output"]["S3Uri"])
            except (ValueError, OSError) as error:
                raise ValidationException(f"Processing output {element['OutputName']}: {error}") from error
