"""CreateHyperParameterTuningJob and its siblings: the requests about tuning jobs.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

import random
import threading
import time
from typing import Any

from local_test.api.errors import ResourceInUse, ResourceNotFound, ServiceUnavailable, ValidationException
from local_test.api.listing import one_page
from local_test.api.request_validation import validate
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.training.training_jobs import TrainingJobs
from local_test.tuning import search
from local_test.tuning.job_record import (
    describe,
    new_record,
    parent_trials,
    search_config,
    training_job_summary,
    tuning_job_summary,
)
from local_test.tuning.supported_fields import check
from local_test.tuning.training_request import training_request
from local_test.tuning.trials import TrialRecords
from local_test.tuning.tuning_run import TuningRun
from local_test.tuning.warm_start import check_parent, check_parent_trials, learned, parent_names

UNFINISHED = ("InProgress", "Stopping")
DEFAULTS = {"MaxResults": 10, "SortBy": "Name", "SortOrder": "Ascending"}  # of both lists
FINAL_VALUE = "FinalObjectiveMetricValue"  # what SortBy calls it
SEEDS = 2**31


class TuningJobs:
    """The tuning jobs of one service. `recover` is called at its start, after that of the training jobs; `stop_all` at
    its end.

    What a tuning job has found outlives the service, however it ends. Trials that ran then have failed; at the next
    start the job goes on with those that it has left."""

    def __init__(self, platform: Platform, tags: Tags, training_jobs: TrainingJobs):
        self._platform, self._tags, self._training_jobs = platform, tags, training_jobs
        self._records = platform.state.records("tuning-job")
        self._trials = TrialRecords(platform.state)
        self._runs: dict[str, TuningRun] = {}
        self._lock = threading.Lock()
        self._ended = False

    def create_hyper_parameter_tuning_job(self, request: dict[str, Any]) -> dict[str, Any]:
        check(request, self._platform.strict)
        name = request["HyperParameterTuningJobName"]
        arn = self._platform.arn("hyper-parameter-tuning-job", name)
        taken = ResourceInUse(
            f"A hyperparameter tuning job with the name, {name}, already exists. Choose a different name."
        )
        if self._records.get(name):
            raise taken
        record = new_record(request, arn, time.time(), random.randrange(SEEDS))
        record["Search"]["Parents"] = [
            trial for parent in parent_names(request) for trial in self._learned(record, parent)
        ]
        check_parent_trials(len(record["Search"]["Parents"]))
        self._check_training_jobs(record)
        run = TuningRun(self._platform, self._training_jobs, self._trials, record)
        with self._lock:  # who sees the record can stop the run
            if self._ended:
                raise ServiceUnavailable("The local SageMaker is ending.")
            if not self._records.create(name, record):
                raise taken
            self._tags.set(arn, request.get("Tags"))
            self._runs[name] = run
            run.start()
        return {"HyperParameterTuningJobArn": arn}

    def describe_hyper_parameter_tuning_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record = self._record(request)
        return describe(record, self._trials.of(record["HyperParameterTuningJobName"]), time.time())

    def list_hyper_parameter_tuning_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        summaries = [
            tuning_job_summary(record, self._trials.of(record["HyperParameterTuningJobName"]))
            for record in self._records.all()
        ]
        return one_page(summaries, DEFAULTS | request, "HyperParameterTuningJob", "HyperParameterTuningJobSummaries")

    def list_training_jobs_for_hyper_parameter_tuning_job(self, request: dict[str, Any]) -> dict[str, Any]:
        record, request = self._record(request), DEFAULTS | request
        summaries = [
            training_job_summary(record, trial) for trial in self._trials.of(record["HyperParameterTuningJobName"])
        ]
        if request["SortBy"] == FINAL_VALUE:  # then those that have none are not listed
            metric = "FinalHyperParameterTuningJobObjectiveMetric"
            summaries = [{**one, FINAL_VALUE: one[metric]["Value"]} for one in summaries if metric in one]
        page = one_page(summaries, request, "TrainingJob", "TrainingJobSummaries")
        for summary in page["TrainingJobSummaries"]:
            summary.pop(FINAL_VALUE, None)
        return page

    def stop_hyper_parameter_tuning_job(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            run = self._runs.get(self._record(request)["HyperParameterTuningJobName"])
        if run is None or not run.stop():
            status = self._record(request)["HyperParameterTuningJobStatus"]
            raise ValidationException(
                f"The request was rejected because the hyperparameter tuning job is in status {status}."
            )
        return {}

    def delete_hyper_parameter_tuning_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """The tuning job and what it knows of its trials. Their training jobs stay, as on AWS."""
        with self._lock:
            record = self._record(request)
            name, status = record["HyperParameterTuningJobName"], record["HyperParameterTuningJobStatus"]
            if status in UNFINISHED:
                raise ValidationException(
                    f"The hyperparameter tuning job {name} is {status}. Stop it, and wait for its end, first."
                )
            self._records.delete(name)
            self._trials.forget(name)
            self._tags.forget(record["HyperParameterTuningJobArn"])
            self._runs.pop(name, None)
        return {}

    def recover(self) -> None:
        """Go on with the tuning jobs that were not at their end. A trial that ran when the service ended has failed."""
        for record in self._records.all():
            if record["HyperParameterTuningJobStatus"] in UNFINISHED:
                name = record["HyperParameterTuningJobName"]
                self._trials.settle(name)
                self._runs[name] = TuningRun(self._platform, self._training_jobs, self._trials, record)
                self._runs[name].start()

    def stop_all(self) -> None:
        """The service ends: no trial is started any more. Those that run are the training jobs' to end."""
        with self._lock:
            self._ended = True
            runs = list(self._runs.values())
        for run in runs:
            run.end_with_service()
        for run in runs:
            run.join()

    def _record(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["HyperParameterTuningJobName"]
        record = self._records.get(name)
        if record is None:
            raise ResourceNotFound(f"Amazon SageMaker can't find a tuning job called {name}. Type another name.")
        return record

    def _learned(self, record: dict[str, Any], name: str) -> list[dict[str, Any]]:
        parent = self._records.get(name)
        if parent is None:
            raise ValidationException(f"WarmStartConfig: there is no hyperparameter tuning job {name}.")
        check_parent(record, parent)
        return learned(record, parent, self._trials.of(name))

    def _check_training_jobs(self, record: dict[str, Any]) -> None:
        """By the first trial's request: what CreateTrainingJob would refuse is refused before anything runs."""
        tuned = search.propose(search_config(record), 1, [], parent_trials(record))
        assert tuned is not None  # every search has a first trial
        request = training_request(record, 1, tuned, record["Search"]["Tags"])
        try:
            validate("CreateTrainingJob", request)
            self._training_jobs.check(request)
        except ValidationException as error:
            raise ValidationException(f"TrainingJobDefinition: {error.message}") from error
