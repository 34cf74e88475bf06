"""How far a tuning job has come: whether it starts another trial, whether it has found enough, and how it has ended.
Pure functions.

When it has found enough is said by TuningJobCompletionCriteria; Describe shows the figures about them.

An improvement is one of 1% or more of the best value before it, as botocore says of BestObjectiveNotImproving and of
HyperParameterTuningJobCompletionDetails. Trials count in the order of their numbers.
Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html and, for tuning jobs that
fail, the FailureReasons that others published.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from local_test.tuning.search import grid_size
from local_test.tuning.trials import Trial, is_better, maximises

ATTEMPTS = 5  # training jobs without an objective after which AWS gives a tuning job up, when no other has one
SIGNIFICANT = 0.01  # of the best value
LEAST_TO_CONVERGE = 10  # trials
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


def best(trials: Iterable[Trial], maximise: bool) -> Trial | None:
    """BestTrainingJob: "completed with the best current objective", says botocore; of equal ones the first.

    A stopped trial is named only when none has completed, as when each of them ran into its time limit or past
    Hyperband's MaxResource. None when no trial that ended has an objective."""
    scored = _scored(trials)
    found: tuple[Trial, float] | None = None
    for trial, value in [one for one in scored if one[0].status == "Completed"] or scored:
        if found is None or is_better(value, found[1], maximise):
            found = trial, value
    return found[0] if found else None


def not_improving(trials: Iterable[Trial], maximise: bool) -> int:
    """NumberOfTrainingJobsObjectiveNotImproving: the latest trials since one that improved on the best before it.

    Trials that have ended count, also stopped ones; not those without an objective. Several improvements of less than
    1% that come to 1% together are one. The first trial is an improvement."""
    count: int = 0
    mark: float | None = None
    for _, value in _scored(trials):
        if mark is None or _improves(value, mark, maximise):
            count, mark = 0, value
        else:
            count += 1
    return count


def has_converged(trials: Iterable[Trial], maximise: bool) -> bool:
    """Whether as many trials have brought no improvement as it took to come to the latest one, and at least 10.

    A rule of the local SageMaker: of its own AWS says only that it was tested on many benchmarks. The thought: of 2 n
    random draws the best is among the last n as often as not, and a search that found nothing there needs another 2 n
    for an even chance."""
    trials = list(trials)
    idle = not_improving(trials, maximise)
    return idle >= max(LEAST_TO_CONVERGE, len(_scored(trials)) - idle)


def reason_to_complete(config: dict[str, Any], trials: Iterable[Trial]) -> str | None:
    """A sentence when one of the TuningJobCompletionCriteria is met. config: HyperParameterTuningJobConfig.

    MaxNumberOfTrainingJobs is the concern of `places`, MaxRuntimeInSeconds that of `seconds_left`.
    """
    criteria = config.get("TuningJobCompletionCriteria", {})
    maximise, trials = maximises(config), list(trials)
    target = criteria.get("TargetObjectiveMetricValue")
    if target is not None:
        for trial, value in _scored(trials):
            if not is_better(target, value, maximise):
                return (
                    f"Trial {trial.number} has reached TargetObjectiveMetricValue {target}: its objective is {value}."
                )
    most = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    without_improvement = (
        f"the latest {not_improving(trials, maximise)} training jobs did not improve the objective by 1%."
    )
    if most is not None and not_improving(trials, maximise) >= most:
        return f"MaxNumberOfTrainingJobsNotImproving is {most}: {without_improvement}"
    if criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled" and has_converged(
        trials, maximise
    ):
        return f"The search has converged: {without_improvement}"
    return None


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


def _scored(trials: Iterable[Trial]) -> list[tuple[Trial, float]]:
    """Ended trials that have an objective, by number, each with it."""
    scored = [(trial, trial.objective) for trial in trials if trial.has_ended]
    return sorted(((trial, value) for trial, value in scored if value is not None), key=lambda one: one[0].number)


def _improves(value: float, mark: float, maximise: bool) -> bool:
    return is_better(value, mark, maximise) and abs(value - mark) >= SIGNIFICANT * abs(mark)
