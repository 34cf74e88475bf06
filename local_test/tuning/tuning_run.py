"""One tuning job as it runs: its trials from the first to the last, and its end.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
"""

import logging
import threading
import time
from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.api.errors import ApiError, ServiceUnavailable
from local_test.host.emulator_settings import Platform
from local_test.host.error_words import in_words
from local_test.host.state import SECONDS_BETWEEN_ATTEMPTS, retry_until_written
from local_test.training.training_jobs import TrainingJobs
from local_test.tuning import progress, search
from local_test.tuning.early_stopping import reason_to_stop
from local_test.tuning.job_record import parent_trials, search_config
from local_test.tuning.training_request import training_job_name
from local_test.tuning.trial_jobs import TrialJobs
from local_test.tuning.trials import Trial, TrialRecords, as_trial, maximises, was_lost

logger = logging.getLogger(__name__)


class TuningRun:
    """Runs one tuning job in a thread of its own; its trials are training jobs like any other.

    The thread sleeps until a trial prints a value of the objective or ends, and then decides anew from what is on disk.
    So another service's start can go on with what is left."""

    def __init__(self, platform: Platform, training_jobs: TrainingJobs, trials: TrialRecords, record: dict[str, Any]):
        self._trials, self._record = trials, record
        self._trial_jobs = TrialJobs(platform, training_jobs, trials, record)
        self.name = record["HyperParameterTuningJobName"]
        self._records = platform.state.records("tuning-job")
        self._config = search_config(record)
        self._parents = parent_trials(record)
        self._judged: dict[int, int] = {}  # trial -> the epochs that have been judged
        self._why = "it was stopped"  # the tuning job, before its last trials had ended
        self._converged = "ConvergenceDetectedTime" in record
        self._events = 0  # counts what has happened since the thread last looked
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
                self._wake()
            return True

    def end_with_service(self) -> None:
        """The service ends: nothing is started any more, and the job stays as it is for the next start."""
        self._service_ends = True
        self._wake()

    def _starts_again(self, number: int) -> None:
        """A trial begins anew: what it has printed is judged again, from the first epoch on."""
        with self._changed:
            self._judged.pop(number, None)

    def _wake(self) -> None:
        """Something is new: a trial has printed a value of the objective, or has ended."""
        with self._changed:
            self._events += 1
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
                self._why = reason = reason or f"InternalServerError: {in_words(error)}"
        if not self._service_ends:
            self._finish(reason)

    def _search(self) -> None:
        """Start trials until there is a reason not to; when there is none left to start, until the last one has
        ended.
        """
        while True:
            seen = self._events
            if self._stopping or self._service_ends:
                return
            trials, lost = self._known_trials()
            self._note_convergence(trials)
            if reason := progress.reason_to_complete(self._config, trials):
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
            self._wait(seen, left)

    def _end_trials(self) -> None:
        """Stop what still runs, and wait for its end: a tuning job that has ended has no training job that has not."""
        while True:
            seen = self._events
            running = [trial for trial in self._trials.of(self.name) if not as_trial(trial).has_ended]
            if not running or self._service_ends:
                return
            try:
                for trial in running:
                    self._trial_jobs.stop(trial["TrainingJobName"], self._why)
            except OSError:  # a full disk: they are asked again
                logger.exception("the trials of tuning job %s cannot be stopped yet", self.name)
                self._wait(seen, SECONDS_BETWEEN_ATTEMPTS)
            else:
                self._wait(seen, None)

    def _take_stock(self) -> None:
        self._failure = progress.failure(self._known_trials()[0])

    def _note_convergence(self, trials: list[Trial]) -> None:
        if not self._converged and progress.has_converged(trials, maximises(self._config)):
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
        self._trial_jobs.start(number, tuned, trials, self._wake, lambda: self._starts_again(number))
        return True

    def _stop_the_worse(self, trials: list[Trial]) -> None:
        """Early stopping, and Hyperband's: each trial is judged when it has printed another value."""
        static = self._record["TrainingJobDefinition"]["StaticHyperParameters"]
        for trial in trials:
            judged = self._judged.get(trial.number, 0)
            self._judged[trial.number] = len(trial.values)
            if (
                trial.status == "InProgress"
                and len(trial.values) > judged
                and (why := reason_to_stop(self._config, static, trial, trials, judged))
            ):
                self._trial_jobs.stop(training_job_name(self._record, trial.number), why)

    def _wait(self, seen: int, seconds: float | None) -> None:
        """Until something has happened after `seen`, or the time is over. `seen` was read before what was decided
        from.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._events != seen, seconds)

    def _finish(self, reason: str | None) -> None:
        """Record how the job ended. On a full disk this is retried, and left to the service's next start."""
        with self._changed:  # a stop comes before this, or too late
            retry_until_written(
                lambda: self._record_end(reason),
                lambda seconds: self._changed.wait_for(lambda: self._service_ends, seconds),
                f"tuning job {self.name} has ended",
            )

    def _record_end(self, reason: str | None) -> None:
        if reason is None and not self._stopping:
            reason = self._failure
        now = time.time()
        self._records.update(
            self.name,
            HyperParameterTuningJobStatus="Failed" if reason else "Stopped" if self._stopping else "Completed",
            HyperParameterTuningEndTime=now,
            LastModifiedTime=now,
            FailureReason=reason and reason[:FAILURE_REASON_CHARACTERS],
        )
        self._over = True
