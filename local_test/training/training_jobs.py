"""CreateTrainingJob and its siblings: the requests about training jobs.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

import shutil
import threading
import time
from typing import Any

from local_test.api.errors import ResourceInUse, ResourceNotFound, ServiceUnavailable, ValidationException
from local_test.api.listing import one_page
from local_test.api.supported_fields import check_supported
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.host.engine import is_virtual_machine
from local_test.storage.destination import Destination
from local_test.training import channels, metric_definitions, opt_ml, supported_fields
from local_test.training.attempt import RUNNING
from local_test.training.instances import with_selected
from local_test.training.job_ending import KILLED
from local_test.training.rule_statuses import RULES, at_the_end, before_the_end
from local_test.training.status import enter, time_used
from local_test.training.training_log import Listener
from local_test.training.training_run import TrainingRun

SUMMARY = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingEndTime",
    "LastModifiedTime",
    "TrainingJobStatus",
    "SecondaryStatus",
)
LIST_FILTERS = dict.fromkeys(
    (
        "NextToken",
        "MaxResults",
        "CreationTimeAfter",
        "CreationTimeBefore",
        "LastModifiedTimeAfter",
        "LastModifiedTimeBefore",
        "NameContains",
        "StatusEquals",
        "WarmPoolStatusEquals",
        "SortBy",
        "SortOrder",
    )
)


class TrainingJobs:
    """The training jobs of one service. `recover` is called at its start, `stop_all` at its end."""

    def __init__(self, platform: Platform, tags: Tags):
        self._platform, self._tags = platform, tags
        self._records = platform.state.records("training-job")
        self._runs: dict[str, TrainingRun] = {}
        self._lock = threading.Lock()
        self._ended = False

    def create_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        self.launch(request, self.check(request), Listener())
        return {"TrainingJobArn": self._arn(request)}

    def check(self, request: dict[str, Any]) -> str:
        """Id of the job's image in the engine. Raises ApiError for what would make CreateTrainingJob refuse the
        request.
        """
        supported_fields.check(request, self._platform.strict)
        if self._records.get(request["TrainingJobName"]):
            raise ResourceInUse(
                "Training job names must be unique within an AWS account and region, and a training job with this name "
                f"already exists ({self._arn(request)})"
            )
        image = self._checked_image(request)
        self._check_data(request)
        return image

    def launch(
        self,
        request: dict[str, Any],
        image: str,
        listener: Listener,
        tuning_job_arn: str | None = None,
        cpuset: str | None = None,
    ) -> None:
        """Start a job that `listener` follows. image: what `check` returned for this request. Raises ApiError.

        tuning_job_arn: of the tuning job that it is a trial of. cpuset: cores of its containers, such as `0-1`; None:
        all."""
        name, arn, now = request["TrainingJobName"], self._arn(request), time.time()
        record = {field: value for field, value in request.items() if field != "Tags" and value is not None}
        record |= {
            "TrainingJobArn": arn,
            "TrainingJobStatus": "InProgress",
            "CreationTime": now,
            "ResourceConfig": with_selected(request["ResourceConfig"]),
            "OutputDataConfig": {
                "KmsKeyId": "",
                **request["OutputDataConfig"],
            },  # AWS says so, and the SDK's attach() relies on it
            "ModelArtifacts": {"S3ModelArtifacts": opt_ml.output_uri(request, _model_name(request))},
            **{statuses: before_the_end(request[rules], now) for rules, statuses in RULES.items() if rules in request},
            **({"TuningJobArn": tuning_job_arn} if tuning_job_arn else {}),
        }
        run = TrainingRun(self._platform, record, arn, image, listener, cpuset)
        with self._lock:  # who sees the record can stop the run
            if self._ended:
                raise ServiceUnavailable("The local SageMaker is ending.")
            if not self._records.create(name, {**record, **enter(record, "Starting", now)}):
                raise ResourceInUse(f"A training job with this name already exists ({arn})")
            self._tags.set(arn, request.get("Tags"))
            self._runs[name] = run
            run.start()

    def describe_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._record(request["TrainingJobName"])
        run = self._runs.get(request["TrainingJobName"])
        if run and "FinalMetricDataList" not in record and (metrics := run.final_metrics()):
            record["FinalMetricDataList"] = metrics
        return record

    def list_training_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, LIST_FILTERS)
        # No instances are kept here, so no job has a warm pool in any status.
        records = [] if request.get("WarmPoolStatusEquals") else self._records.all()
        summaries = [{field: record[field] for field in SUMMARY if field in record} for record in records]
        return one_page(summaries, request, "TrainingJob", "TrainingJobSummaries", status_after_page=True)

    def update_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """How long the job's instances are kept for the next one, which has no effect here; nothing else of a job."""
        check_supported(request, {"TrainingJobName": None, "ResourceConfig": {"KeepAlivePeriodInSeconds": None}})
        record = self._records.get(request["TrainingJobName"])
        if record is None:
            raise ResourceNotFound("Requested resource not found.")
        resources = record["ResourceConfig"]
        if "ResourceConfig" in request:
            if "KeepAlivePeriodInSeconds" not in resources:
                raise ValidationException(
                    f"The training job {record['TrainingJobName']} has no warm pool: its request has no "
                    "ResourceConfig.KeepAlivePeriodInSeconds."
                )
            self._records.update(record["TrainingJobName"], ResourceConfig={**resources, **request["ResourceConfig"]})
        return {"TrainingJobArn": record["TrainingJobArn"]}

    def stop_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TrainingJobName"]
        with self._lock:
            record, run = self._records.get(name), self._runs.get(name)
        if record is None:
            raise ResourceNotFound("Requested resource not found.")
        status = record["TrainingJobStatus"]
        if status == "InProgress" and run:
            run.stop()
        elif status != "Stopping":
            raise ValidationException(f"The request was rejected because the training job is in status {status}.")
        return {}

    def delete_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._record(request["TrainingJobName"])
        if record["TrainingJobStatus"] in ("InProgress", "Stopping"):
            raise ValidationException(
                f"The training job {record['TrainingJobName']} is {record['TrainingJobStatus']}. Stop it first."
            )
        self._records.delete(record["TrainingJobName"])
        self._tags.forget(record["TrainingJobArn"])
        self._runs.pop(record["TrainingJobName"], None)
        return {}

    def interrupt(self, name: str) -> None:
        """Take a spot job's instances away, as AWS does without asking. Raises ValidationException for any other
        job.
        """
        record = self._record(name)
        if not record.get("EnableManagedSpotTraining"):
            raise ValidationException(
                f"{name} is not a managed spot job (EnableManagedSpotTraining): AWS would not interrupt it."
            )
        if record["SecondaryStatus"] != "Training":
            raise ValidationException(
                f"{name} is in status {record['SecondaryStatus']}, not Training: there is nothing to interrupt."
            )
        if run := self._runs.get(name):  # else it has just been deleted
            run.interrupt()

    def recover(self) -> None:
        """Jobs that ran when the service ended, however it ended, have failed. What they had laid out goes."""
        shutil.rmtree(self._platform.folder / RUNNING, ignore_errors=True)
        for record in self._records.all():
            if record["TrainingJobStatus"] in ("InProgress", "Stopping"):
                changes = enter(record, "Failed", time.time())
                changes |= time_used({**record, **changes})
                changes |= {
                    statuses: at_the_end(record[rules], None, time.time())
                    for rules, statuses in RULES.items()
                    if rules in record
                }
                self._records.update(record["TrainingJobName"], FailureReason=KILLED, **changes)

    def stop_all(self) -> None:
        with self._lock:
            self._ended = True
            runs = list(self._runs.values())
        for run in runs:
            run.kill()
        for run in runs:
            run.join()

    def _arn(self, request: dict[str, Any]) -> str:
        return self._platform.arn("training-job", request["TrainingJobName"])

    def _record(self, name: str) -> dict[str, Any]:
        record = self._records.get(name)
        if record is None:
            raise ValidationException("Requested resource not found.")
        return record

    def _checked_image(self, request: dict[str, Any]) -> str:
        try:
            return self._platform.local_image(request["AlgorithmSpecification"]["TrainingImage"])
        except ValueError as error:
            raise ValidationException(str(error)) from error

    def _check_data(self, request: dict[str, Any]) -> None:
        """What would otherwise fail after the job has begun."""
        metric_definitions.check(request["AlgorithmSpecification"].get("MetricDefinitions", []))
        for channel in request.get("InputDataConfig", []):
            channels.check(channel, self._platform.objects, self._platform.files)
            if opt_ml.input_mode(channel, request) == "Pipe" and is_virtual_machine(self._platform.engine):
                raise ValidationException(
                    f"Channel {channel['ChannelName']}: Pipe mode needs an engine on this machine's own kernel, which "
                    "Docker Desktop "
                    "does not have. Use FastFile."
                )
        destination = Destination(self._platform.objects, self._platform.files, self._platform.folder)
        try:
            destination.check(request["OutputDataConfig"]["S3OutputPath"])
            for uri in opt_ml.synced_folders(request).values():
                destination.check(uri)
        except ValueError as error:
            raise ValidationException(str(error)) from error


def _model_name(request: dict[str, Any]) -> str:
    return "model" if request["OutputDataConfig"].get("CompressionType") == "NONE" else "model.tar.gz"
