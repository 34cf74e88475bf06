"""TrainingJobEarlyStoppingType Auto: whether a trial is worse than the ones before it were at the same epoch.

https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html
"""

from collections.abc import Iterable, Sequence
from statistics import fmean, median

from local_test.tuning.objective import is_better

# AWS names no smallest number. Of 3 values the median is the first that one odd trial cannot set by itself.
LEAST_EARLIER_TRIALS = 3


def is_worse_than_median(values: Sequence[float], earlier: Iterable[Sequence[float]], maximise: bool) -> bool:
    """Whether to stop a trial after its latest epoch.

    values: the trial's objective, one an epoch. earlier: the same of the trials before it; those that have not come as
    far do not count. The latest value is held against the median of their running averages up to its epoch, and being
    equal is not worse. False with fewer than LEAST_EARLIER_TRIALS to compare with, and before the first epoch."""
    epoch = len(values)
    averages = [fmean(others[:epoch]) for others in earlier if len(others) >= epoch] if epoch else []
    return len(averages) >= LEAST_EARLIER_TRIALS and is_better(median(averages), values[-1], maximise)
