"""One tuning job as it runs: its trials from the first to the last, and its end.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
"""

import contextlib
import logging
import threading
import time
from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.api.errors import ApiError, ServiceUnavailable
from local_test.host.emulator_settings import Platform
from local_test.host.engine import cores
from local_test.training.listener import Listener
from local_test.training.training_jobs import TrainingJobs
from local_test.training.training_run import LOG_GROUP, SECONDS_TO_ROOM
from local_test.tuning import completion, hyperband, progress, search
from local_test.tuning.core_shares import share
from local_test.tuning.early_stopping import is_worse_than_median
from local_test.tuning.job_record import as_trial, parent_trials, search_config, was_lost
from local_test.tuning.objective import maximises
from local_test.tuning.training_request import training_job_name, training_request
from local_test.tuning.trial import Trial
from local_test.tuning.trial_records import TrialRecords

logger = logging.getLogger(__name__)


class TuningRun:
    """Runs one tuning job in a thread of its own; its trials are training jobs like any other.

    The thread sleeps until a trial prints a value of the objective or ends, and then decides anew from what is on disk.
    So another service's start can go on with what is left."""

    def __init__(self, platform: Platform, training_jobs: TrainingJobs, trials: TrialRecords, record: dict[str, Any]):
        self._platform, self._training_jobs, self._trials, self._record = platform, training_jobs, trials, record
        self.name = record["HyperParameterTuningJobName"]
        self._records = platform.state.records("tuning-job")
        self._config = search_config(record)
        self._parents = parent_trials(record)
        self._judged: dict[int, int] = {}  # trial -> the epochs after which it was decided whether it goes on
        self._places: dict[int, int] = {}  # trial -> its place among those that run at the same time
        self._told: set[str] = set()  # training jobs whose log says why they are stopped
        self._why = "it was stopped"  # the tuning job, before its last trials had ended
        self._converged = "ConvergenceDetectedTime" in record
        self._news = 0  # counts what has happened since the thread last looked
        self._changed = threading.Condition()
        self._stopping = record["HyperParameterTuningJobStatus"] == "Stopping"
        self._service_ends = False
        self._failure: str | None = None  # FailureReason that follows from the trials
        self._over = False
        self._thread = threading.Thread(target=self._run, name=f"tuning-{self.name}")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def stop(self) -> bool:
        """StopHyperParameterTuningJob: no more trials, and those that run are stopped. False when the job has ended."""
        with self._changed:
            if self._over:
                return False
            if not self._stopping:
                self._records.update(self.name, HyperParameterTuningJobStatus="Stopping", LastModifiedTime=time.time())
                self._stopping = True
                self.heard()
            return True

    def end_with_service(self) -> None:
        """The service ends: nothing is started any more, and the job stays as it is for the next start."""
        self._service_ends = True
        self.heard()

    def starts_again(self, number: int) -> None:
        """A trial begins anew: what it has printed is judged again, from the first epoch on."""
        with self._changed:
            self._judged.pop(number, None)

    def heard(self) -> None:
        """Something is new: a trial has printed a value of the objective, or has ended."""
        with self._changed:
            self._news += 1
            self._changed.notify_all()

    def _run(self) -> None:
        reason = None
        for step in (self._search, self._end_trials, self._take_stock):
            try:
                step()
            except ServiceUnavailable:
                self._service_ends = True
            except ApiError as error:
                logger.exception("tuning job %s", self.name)
                self._why = reason = reason or f"A training job could not be created: {error.message}"
            except Exception as error:
                logger.exception("tuning job %s", self.name)
                self._why = reason = reason or f"InternalServerError: {error}"
        if not self._service_ends:
            self._finish(reason)

    def _search(self) -> None:
        """Start trials until there is a reason not to; when there is none left to start, until the last one has
        ended.
        """
        while True:
            news = self._news
            if self._stopping or self._service_ends:
                return
            trials, lost = self._known_trials()
            self._note_convergence(trials)
            if reason := completion.reason_to_complete(self._config, trials):
                self._why = f"it is complete. {reason}"
                return
            left = progress.seconds_left(self._config, self._record["CreationTime"], time.time())
            if left is not None and left <= 0:
                self._why = "its MaxRuntimeInSeconds is over"
                return
            self._stop_the_worse(trials)
            if progress.places(self._config, trials, lost) and self._start_trial(trials):
                continue
            if all(trial.has_ended for trial in trials):
                return
            self._wait(news, left)

    def _end_trials(self) -> None:
        """Stop what still runs, and wait for its end: a tuning job that has ended has no training job that has not."""
        while True:
            news = self._news
            running = [trial for trial in self._trials.of(self.name) if not as_trial(trial).has_ended]
            if not running or self._service_ends:
                return
            try:
                for trial in running:
                    self._stop_trial(trial["TrainingJobName"], self._why)
            except OSError:  # a full disk: they are asked again
                logger.exception("the trials of tuning job %s cannot be stopped yet", self.name)
                self._wait(news, SECONDS_TO_ROOM)
            else:
                self._wait(news, None)

    def _take_stock(self) -> None:
        self._failure = progress.failure(self._known_trials()[0])

    def _note_convergence(self, trials: list[Trial]) -> None:
        if not self._converged and completion.has_converged(trials, maximises(self._config)):
            self._converged = True
            self._records.update(self.name, ConvergenceDetectedTime=time.time())

    def _known_trials(self) -> tuple[list[Trial], int]:
        """All trials, and how many of them were lost with an earlier service."""
        trials = self._trials.of(self.name)
        return [as_trial(trial) for trial in trials], sum(map(was_lost, trials))

    def _start_trial(self, trials: list[Trial]) -> bool:
        """False when the search has nothing left to try."""
        number = len(trials) + 1
        tuned = search.propose(self._config, number, trials, self._parents)
        if tuned is None:
            return False
        request = training_request(self._record, number, tuned, self._record["Search"]["Tags"])
        name = request["TrainingJobName"]
        arn = self._platform.arn("training-job", name)
        job = {
            "TrainingJobName": name,
            "TrainingJobArn": arn,
            "TrainingJobStatus": "InProgress",
            "CreationTime": time.time(),
        }
        image = self._training_jobs.check(request)  # before the trial is seen: what is refused has never been one
        self._trials.create(self.name, number, tuned, job)
        running = {
            self._places[trial.number] for trial in trials if not trial.has_ended and trial.number in self._places
        }
        self._places[number], cpuset = share(cores(self._platform.engine), progress.most_at_once(self._config), running)
        try:
            listener = _TrialListener(
                self, self._platform, self._trials, number, name, self._metric, "CheckpointConfig" in request
            )
            self._training_jobs.launch(request, image, listener, self._record["HyperParameterTuningJobArn"], cpuset)
        except Exception:
            self._trials.forget(self.name, number)
            raise
        return True

    def _stop_the_worse(self, trials: list[Trial]) -> None:
        """Early stopping, and Hyperband's: each trial is judged when it has printed another value."""
        for trial in trials:
            judged = self._judged.get(trial.number, 0)
            self._judged[trial.number] = len(trial.values)
            if (
                trial.status == "InProgress"
                and len(trial.values) > judged
                and (why := self._why_to_stop(trial, trials, judged))
            ):
                self._stop_trial(training_job_name(self._record, trial.number), why)

    def _why_to_stop(self, trial: Trial, trials: list[Trial], judged: int) -> str | None:
        """None when the trial goes on. judged: epochs after which it went on."""
        if self._config["Strategy"] == "Hyperband":
            most = hyperband.max_resource(self._config, self._record["TrainingJobDefinition"]["StaticHyperParameters"])
            stops = hyperband.should_stop(self._config, trial, trials, most)
            return f"Hyperband lets it go no further than epoch {len(trial.values)}" if stops else None
        if self._config.get("TrainingJobEarlyStoppingType") != "Auto":
            return None
        earlier = [other.values for other in trials if other.number < trial.number and other.status != "Failed"]
        for epoch in range(judged + 1, len(trial.values) + 1):
            if is_worse_than_median(trial.values[:epoch], earlier, maximises(self._config)):
                return f"after epoch {epoch} its objective is worse than the median of the trials before it"
        return None

    def _stop_trial(self, training_job: str, why: str) -> None:
        """why: completes the line in the job's log."""
        if training_job not in self._told:
            self._told.add(training_job)
            say(self._platform, training_job, f"The tuning job {self.name} stops this training job: {why}.")
        with contextlib.suppress(ApiError):  # it has just ended
            self._training_jobs.stop_training_job({"TrainingJobName": training_job})

    def _wait(self, news: int, seconds: float | None) -> None:
        """Until something has happened after `news`, or the time is over. `news` was read before what was decided
        from.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._news != news, seconds)

    def _finish(self, reason: str | None) -> None:
        """Say how the job ended. Where the disk is full it is said when there is room, or by the service's next
        start.
        """
        while True:
            with self._changed:  # a stop comes before this, or too late
                if reason is None and not self._stopping:
                    reason = self._failure
                status = "Failed" if reason else "Stopped" if self._stopping else "Completed"
                now = time.time()
                try:
                    self._records.update(
                        self.name,
                        HyperParameterTuningJobStatus=status,
                        HyperParameterTuningEndTime=now,
                        LastModifiedTime=now,
                        FailureReason=reason and reason[:FAILURE_REASON_CHARACTERS],
                    )
                    self._over = True
                    return
                except OSError:
                    logger.exception("tuning job %s is %s, which cannot be written down", self.name, status)
                if self._changed.wait_for(lambda: self._service_ends, SECONDS_TO_ROOM):
                    return

    @property
    def _metric(self) -> str:
        return self._config["HyperParameterTuningJobObjective"]["MetricName"]


class _TrialListener(Listener):
    """Writes down what one trial says, and then tells the tuning job that there is something new."""

    def __init__(
        self,
        run: TuningRun,
        platform: Platform,
        trials: TrialRecords,
        number: int,
        training_job: str,
        metric: str,
        has_checkpoints: bool,
    ):
        """has_checkpoints: a second attempt goes on from those of the first."""
        self._run, self._platform, self._trials = run, platform, trials
        self._number, self._training_job, self._metric = number, training_job, metric
        self._has_checkpoints = has_checkpoints
        self._has_value = False

    def metrics(self, found: list[tuple[str, float]]) -> None:
        if values := [value for metric, value in found if metric == self._metric]:
            self._trials.add_values(self._run.name, self._number, values)
            self._has_value = True
            self._run.heard()

    def starts_again(self) -> None:
        if not self._has_checkpoints:
            self._trials.forget_values(self._run.name, self._number)
            self._run.starts_again(self._number)

    def ended(self, job: dict[str, Any]) -> None:
        try:
            self._trials.keep_end(self._run.name, self._number, job)
            if not self._has_value and job["TrainingJobStatus"] != "Failed":
                say(
                    self._platform,
                    self._training_job,
                    f"The tuning job {self._run.name} found no value of {self._metric}, the objective "
                    "metric, in this log. Does its regex match a line with a number?",
                )
        except (OSError, KeyError):  # a full disk; the tuning job has been deleted meanwhile
            logger.exception("the end of trial %s cannot be written down", self._training_job)
        self._run.heard()


def say(platform: Platform, training_job: str, line: str) -> None:
    """A line of the platform's own in the log of a training job."""
    platform.logs.write(LOG_GROUP, f"{training_job}/platform", [(int(time.time() * 1000), line)])
