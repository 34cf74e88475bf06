"""The training jobs of one tuning job's trials: started with cores of their own, followed, and stopped."""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from local_test.api.errors import ApiError
from local_test.host.emulator_settings import Platform
from local_test.host.engine import cores
from local_test.training.training_jobs import TrainingJobs
from local_test.training.training_log import Listener, training_log
from local_test.tuning import progress
from local_test.tuning.training_request import training_request
from local_test.tuning.trials import Trial, TrialRecords

logger = logging.getLogger(__name__)


class TrialJobs:
    """Starts and stops the trials of one tuning job, from one thread."""

    def __init__(
        self, platform: Platform, training_jobs: TrainingJobs, records: TrialRecords, tuning_job: dict[str, Any]
    ):
        """tuning_job: its record."""
        self._platform, self._training_jobs, self._records, self._tuning_job = (
            platform,
            training_jobs,
            records,
            tuning_job,
        )
        self._places: dict[int, int] = {}  # trial -> its place among those that run at the same time
        self._announced: set[str] = set()  # training jobs whose log says why they are stopped

    def start(
        self,
        number: int,
        tuned: dict[str, str],
        trials: list[Trial],
        on_change: Callable[[], None],
        on_restart: Callable[[], None],
    ) -> None:
        """Start the training job of trial `number`. Raises ApiError; then the trial has never been one.

        Args:
            number: from 1.
            tuned: its hyperparameters besides the static ones.
            trials: those before it, of which some run.
            on_change: called when the trial has printed a value of the objective, and when it has ended.
            on_restart: called when the trial begins again from its first epoch.
        """
        config = self._tuning_job["HyperParameterTuningJobConfig"]
        request = training_request(self._tuning_job, number, tuned, self._tuning_job["Search"]["Tags"])
        name, tuning_job = request["TrainingJobName"], self._tuning_job["HyperParameterTuningJobName"]
        job = {
            "TrainingJobName": name,
            "TrainingJobArn": self._platform.arn("training-job", name),
            "TrainingJobStatus": "InProgress",
            "CreationTime": time.time(),
        }
        image = self._training_jobs.check(request)  # before the trial is seen: what is refused has never been one
        self._records.create(tuning_job, number, tuned, job)
        running = {
            self._places[trial.number] for trial in trials if not trial.has_ended and trial.number in self._places
        }
        self._places[number], cpuset = share(cores(self._platform.engine), progress.most_at_once(config), running)
        listener = _TrialListener(
            self._platform, self._records, self._tuning_job, number, request, on_change=on_change, on_restart=on_restart
        )
        try:
            self._training_jobs.launch(request, image, listener, self._tuning_job["HyperParameterTuningJobArn"], cpuset)
        except Exception:
            self._records.forget(tuning_job, number)
            raise

    def stop(self, training_job: str, why: str) -> None:
        """why: completes the line in the job's log. Raises OSError on a full disk."""
        if training_job not in self._announced:
            self._announced.add(training_job)
            name = self._tuning_job["HyperParameterTuningJobName"]
            training_log(self._platform, training_job).write_as_platform(
                f"The tuning job {name} stops this training job: {why}."
            )
        with contextlib.suppress(ApiError):  # it has just ended
            self._training_jobs.stop_training_job({"TrainingJobName": training_job})


class _TrialListener(Listener):
    """Writes down what one trial prints and how it ends, and then tells the tuning job that there is something new."""

    def __init__(
        self,
        platform: Platform,
        records: TrialRecords,
        tuning_job: dict[str, Any],
        number: int,
        request: dict[str, Any],
        on_change: Callable[[], None],
        on_restart: Callable[[], None],
    ):
        self._records, self._number, self._on_change, self._on_restart = records, number, on_change, on_restart
        self._tuning_job = tuning_job["HyperParameterTuningJobName"]
        self._metric = tuning_job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
        self._training_job = request["TrainingJobName"]
        self._log = training_log(platform, self._training_job)
        self._has_checkpoints = "CheckpointConfig" in request  # a second attempt goes on from those of the first
        self._has_value = False

    def metrics(self, found: list[tuple[str, float]]) -> None:
        if values := [value for metric, value in found if metric == self._metric]:
            self._records.add_values(self._tuning_job, self._number, values)
            self._has_value = True
            self._on_change()

    def starts_again(self) -> None:
        if not self._has_checkpoints:
            self._records.forget_values(self._tuning_job, self._number)
            self._on_restart()

    def ended(self, job: dict[str, Any]) -> None:
        try:
            self._records.store_end(self._tuning_job, self._number, job)
            if not self._has_value and job["TrainingJobStatus"] != "Failed":
                self._log.write_as_platform(
                    f"The tuning job {self._tuning_job} found no value of {self._metric}, the objective "
                    "metric, in this log. Does its regex match a line with a number?"
                )
        except (OSError, KeyError):  # a full disk; the tuning job has been deleted meanwhile
            logger.exception("the end of trial %s cannot be written down", self._training_job)
        self._on_change()


def share(every_core: Sequence[int], parallel: int, running: set[int]) -> tuple[int, str | None]:
    """(place, cpuset) of the next trial, so that trials that run at the same time do not get in each other's way.

    On AWS each has an instance of its own. Here programs that each start a thread for every core would mostly wait for
    each other.

    Args:
        every_core: their numbers.
        parallel: trials that may run at once.
        running: places of those that do, from 0; not all are taken.

    The cpuset is the engine's, such as `2,3`; None stands for all cores."""
    place, count = min(set(range(parallel)) - running), len(every_core)
    if parallel == 1 or count == 1:
        return place, None
    if parallel >= count:
        mine: Sequence[int] = [every_core[place % count]]
    else:
        mine = every_core[place * count // parallel : (place + 1) * count // parallel]
    return place, ",".join(map(str, mine))
