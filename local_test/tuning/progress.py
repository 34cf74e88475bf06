"""How far a tuning job has come: whether it starts another trial, and how it has ended when it does not. Pure
functions.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html and, for tuning jobs that
fail, the FailureReasons that others published."""

from collections.abc import Sequence
from typing import Any

from local_test.tuning.search import grid_size
from local_test.tuning.trial import Trial

ATTEMPTS = 5  # training jobs without an objective after which AWS gives a tuning job up, when no other has one
ALL_FAILED = "All training jobs failed. Please take a look at the training jobs failures to get more details."
NONE_SUCCEEDED = (
    f"No training job succeeded after {ATTEMPTS} attempts. For additional details, please take a look at the training "
    "job failures "
    "by listing training jobs for the hyperparameter tuning job."
)
NO_OBJECTIVE = (
    "No objective metrics found after running {} training jobs. Please ensure that the custom algorithm is emitting "
    "the "
    "objective metric as defined by the regular expression provided."
)


def places(config: dict[str, Any], trials: Sequence[Trial], lost: int) -> int:
    """How many trials may be started now. lost: trials that failed because the service ended: they are no attempts.

    config: HyperParameterTuningJobConfig. None are started after ATTEMPTS without a success; once one that still runs
    succeeds, they are again.
    """
    limits = config["ResourceLimits"]
    ended = sum(trial.has_ended for trial in trials)
    if not _has_success(trials) and ended - lost >= ATTEMPTS:
        return 0
    free = limits["MaxParallelTrainingJobs"] - (len(trials) - ended)
    return max(0, min(free, limits.get("MaxNumberOfTrainingJobs", len(trials) + free) - len(trials)))


def most_at_once(config: dict[str, Any]) -> int:
    """Trials that can run at once: of a search that is shorter than MaxParallelTrainingJobs, as many as it has."""
    limits = config["ResourceLimits"]
    most = limits.get("MaxNumberOfTrainingJobs") or (grid_size(config) if config["Strategy"] == "Grid" else None)
    return min(limits["MaxParallelTrainingJobs"], most or limits["MaxParallelTrainingJobs"])


def seconds_left(config: dict[str, Any], began: float, now: float) -> float | None:
    """Until MaxRuntimeInSeconds is over, of the wall clock; None without that limit. began, now: seconds since 1970."""
    most = config["ResourceLimits"].get("MaxRuntimeInSeconds")
    return None if most is None else began + most - now


def failure(trials: Sequence[Trial]) -> str | None:
    """FailureReason of a tuning job whose trials have ended, None when it is Completed: it has found an objective."""
    if _has_success(trials):
        return None
    if not trials:
        return "MaxRuntimeInSeconds was over before the first training job."
    if any(trial.status != "Failed" for trial in trials):
        return NO_OBJECTIVE.format(min(len(trials), ATTEMPTS))
    return ALL_FAILED if len(trials) < ATTEMPTS else NONE_SUCCEEDED


def _has_success(trials: Sequence[Trial]) -> bool:
    return any(trial.has_ended and trial.objective is not None for trial in trials)
