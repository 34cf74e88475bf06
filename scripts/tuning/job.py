"""A tuning job and its trials, as the service tells them.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobSummary.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.aws.clients import Aws
from scripts.aws.jobs import ENDED, TUNING
from scripts.config.ranges import Range, ranges_of_request
from scripts.console.failure import Failure
from scripts.console.make import make

# The service adds it to every trial's own:
# https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
_ADDED = "_tuning_objective_metric"


@dataclass(frozen=True)
class Trial:
    """number: from 1, in the order of creation. objective: None until the service has told it. hyperparameters: the
    tuned ones.

    ended: None while it runs. failure: the reason of one that Failed, otherwise empty.
    """

    number: int
    name: str
    status: str
    objective: float | None
    hyperparameters: dict[str, str]
    started: datetime | None
    ended: datetime | None
    failure: str

    def seconds(self, now: datetime) -> float | None:
        """How long it has run, or did; None before its start."""
        return ((self.ended or now) - self.started).total_seconds() if self.started else None


@dataclass(frozen=True)
class Tuning:
    """metric: the objective's name. static: the hyperparameters of every trial. best: the best trial's name, None
    without one.

    trials: by number. ranges: what was searched, by hyperparameter. seconds: from its creation to its end, or to now.
    """

    name: str
    status: str
    failure: str
    strategy: str
    metric: str
    maximize: bool
    most_trials: int | None
    ranges: dict[str, Range]
    static: dict[str, str]
    best: str | None
    seconds: float
    trials: tuple[Trial, ...]

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def best_trial(self) -> Trial | None:
        return next((trial for trial in self.trials if trial.name == self.best), None)

    def ranked(self) -> list[Trial]:
        """The best trial, then by objective, then those without one by number."""
        sign = -1 if self.maximize else 1
        with_one = [(sign * one.objective, one) for one in self.trials if one.objective is not None]
        with_one.sort(key=lambda pair: (pair[1].name != self.best, pair[0]))
        return [trial for _, trial in with_one] + [trial for trial in self.trials if trial.objective is None]

    def best_so_far(self) -> list[tuple[int, float]]:
        """For each trial with an objective its number, and the best objective up to there."""
        found: list[tuple[int, float]] = []
        for trial in self.trials:
            if trial.objective is not None:
                best = found[-1][1] if found else trial.objective
                found.append((trial.number, (max if self.maximize else min)(best, trial.objective)))
        return found

    def short_name(self, trial: Trial) -> str:
        """`001-1a2b3c4d`: a trial's name after the tuning job's."""
        return trial.name.removeprefix(f"{self.name}-")


def read_tuning(aws: Aws, name: str) -> Tuning:
    """The tuning job as it is now. Raises Failure when there is none of this name, or when its trials are not all of
    one kind.
    """
    description = describe_tuning(aws, name)
    pages = (
        aws.client("sagemaker")
        .get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        .paginate(
            HyperParameterTuningJobName=name,
            SortBy="CreationTime",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": 100},
        )
    )
    return tuning_of(description, [one for page in pages for one in page["TrainingJobSummaries"]], datetime.now(UTC))


def describe_tuning(aws: Aws, name: str) -> dict[str, Any]:
    """What DescribeHyperParameterTuningJob answers. Raises Failure as `read_tuning` does."""
    description = TUNING.describe(aws, name)
    if "TrainingJobDefinition" not in description:
        raise Failure(
            f"The tuning job {name} has several training job definitions, and `{make('tune')}` makes none such. Name "
            "another."
        )
    return description


def tuning_of(description: dict[str, Any], summaries: list[dict[str, Any]], now: datetime) -> Tuning:
    """From DescribeHyperParameterTuningJob's answer and the summaries of its training jobs, in any order."""
    config, static = (
        description["HyperParameterTuningJobConfig"],
        description["TrainingJobDefinition"].get("StaticHyperParameters", {}),
    )
    objective = config["HyperParameterTuningJobObjective"]
    # Those of one second are in the order of their numbers, which are in their names.
    summaries = sorted(summaries, key=lambda one: (one["CreationTime"], one["TrainingJobName"]))
    ended = description.get("HyperParameterTuningEndTime", now)
    return Tuning(
        name=description["HyperParameterTuningJobName"],
        status=description["HyperParameterTuningJobStatus"],
        failure=description.get("FailureReason", ""),
        strategy=config["Strategy"],
        metric=objective["MetricName"],
        maximize=objective["Type"] == "Maximize",
        most_trials=config["ResourceLimits"].get("MaxNumberOfTrainingJobs"),
        ranges=ranges_of_request(config["ParameterRanges"]),
        static={name: value for name, value in static.items() if name != _ADDED},
        best=description.get("BestTrainingJob", {}).get("TrainingJobName"),
        seconds=(ended - description["CreationTime"]).total_seconds(),
        trials=tuple(_trial(number, summary) for number, summary in enumerate(summaries, 1)),
    )


def hyperparameters_of(tuning: Tuning, trial: Trial) -> dict[str, str]:
    """Those of every trial, then its own, as the service has them."""
    return {**tuning.static, **trial.hyperparameters}


def find_winner(aws: Aws, name: str | None) -> tuple[Tuning, Trial]:
    """The tuning job (default: the newest Completed) and its best trial. Raises Failure without one."""
    if name is None:
        newest = next(TUNING.newest_first(aws, StatusEquals="Completed"), None)
        if newest is None:
            raise Failure(f"No tuning job of {aws.settings.prefix} is Completed in {aws.region}. Run `{make('tune')}`.")
        name = newest["HyperParameterTuningJobName"]
    tuning = read_tuning(aws, name)
    if tuning.best_trial is None:
        raise Failure(
            f"The tuning job {name} is {tuning.status} and has no best trial. `{make('logs')} ARGS={name}` shows its "
            "trials."
        )
    return tuning, tuning.best_trial


def _trial(number: int, summary: dict[str, Any]) -> Trial:
    return Trial(
        number=number,
        name=summary["TrainingJobName"],
        status=summary["TrainingJobStatus"],
        objective=summary.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value"),
        hyperparameters=summary["TunedHyperParameters"],
        started=summary.get("TrainingStartTime"),
        ended=summary.get("TrainingEndTime"),
        failure=summary.get("FailureReason", ""),
    )
