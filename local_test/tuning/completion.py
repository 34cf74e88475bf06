"""When a tuning job has found enough: TuningJobCompletionCriteria, and the figures that Describe shows about them.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html

An improvement is one of 1% or more of the best value before it, as botocore says of BestObjectiveNotImproving and of
HyperParameterTuningJobCompletionDetails. Trials count in the order of their numbers.
"""

from collections.abc import Iterable
from typing import Any

from local_test.tuning.trial import Trial, is_better, maximises

SIGNIFICANT = 0.01  # of the best value
LEAST_TO_CONVERGE = 10  # trials


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

    MaxNumberOfTrainingJobs and MaxRuntimeInSeconds are no concern of this.
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


def _scored(trials: Iterable[Trial]) -> list[tuple[Trial, float]]:
    """Ended trials that have an objective, by number, each with it."""
    scored = [(trial, trial.objective) for trial in trials if trial.has_ended]
    return sorted(((trial, value) for trial, value in scored if value is not None), key=lambda one: one[0].number)


def _improves(value: float, mark: float, maximise: bool) -> bool:
    return is_better(value, mark, maximise) and abs(value - mark) >= SIGNIFICANT * abs(mark)
