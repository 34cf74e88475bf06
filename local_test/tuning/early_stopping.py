"""Whether a trial that runs is stopped: TrainingJobEarlyStoppingType Auto, and the strategy Hyperband. Pure functions.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any

from local_test.tuning import hyperband
from local_test.tuning.trials import Trial, is_better, maximises

# AWS names no smallest number. Of 3 values the median is the first that one odd trial cannot set by itself.
LEAST_EARLIER_TRIALS = 3


def reason_to_stop(
    config: dict[str, Any], static: dict[str, str], trial: Trial, trials: Sequence[Trial], judged: int
) -> str | None:
    """A clause that says why the trial is stopped; None when it continues.

    Args:
        config: HyperParameterTuningJobConfig with a RandomSeed.
        static: the static hyperparameters, among which Hyperband looks for its MaxResource.
        trial: with one value an epoch so far.
        trials: of this tuning job.
        judged: epochs that were judged before; the trial continued.
    """
    if config["Strategy"] == "Hyperband":
        stops = hyperband.should_stop(config, trial, trials, hyperband.max_resource(config, static))
        return f"Hyperband lets it go no further than epoch {len(trial.values)}" if stops else None
    if config.get("TrainingJobEarlyStoppingType") != "Auto":
        return None
    earlier = [other.values for other in trials if other.number < trial.number and other.status != "Failed"]
    for epoch in range(judged + 1, len(trial.values) + 1):
        if is_worse_than_median(trial.values[:epoch], earlier, maximises(config)):
            return f"after epoch {epoch} its objective is worse than the median of the trials before it"
    return None


def is_worse_than_median(values: Sequence[float], earlier: Iterable[Sequence[float]], maximise: bool) -> bool:
    """Whether to stop a trial after its latest epoch.

    values: the trial's objective, one an epoch. earlier: the same of the trials before it; those that have not come as
    far do not count. The latest value is held against the median of their running averages up to its epoch, and being
    equal is not worse. False with fewer than LEAST_EARLIER_TRIALS to compare with, and before the first epoch."""
    epoch = len(values)
    averages = [fmean(others[:epoch]) for others in earlier if len(others) >= epoch] if epoch else []
    return len(averages) >= LEAST_EARLIER_TRIALS and is_better(median(averages), values[-1], maximise)
