"""Ranges, configurations and objectives of the tests' searches."""

import math

from local_test.tuning.search import propose
from local_test.tuning.trials import Trial

RATE = {"Name": "lr", "MinValue": "0.00001", "MaxValue": "1", "ScalingType": "Logarithmic"}

DECAY = {"Name": "weight-decay", "MinValue": "1e-6", "MaxValue": "0.1", "ScalingType": "Logarithmic"}

BATCH = {"Name": "batch-size", "MinValue": "16", "MaxValue": "256"}

HEAD = {"Name": "freeze-backbone", "Values": ['"true"', '"false"']}

EVERY_KIND = {
    "IntegerParameterRanges": [BATCH],
    "ContinuousParameterRanges": [RATE, DECAY],
    "CategoricalParameterRanges": [HEAD],
}


def config(strategy, ranges, seed=0, objective="Minimize", **limits):
    return {
        "Strategy": strategy,
        "ParameterRanges": ranges,
        "HyperParameterTuningJobObjective": {"Type": objective, "MetricName": "valid_loss"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 1, **limits},
        "RandomSeed": seed,
    }


def loss(hyperparameters):
    """Smooth, with its minimum, 0, at lr 0.002 and, far less steep, weight-decay 0.001."""
    rate, decay = float(hyperparameters["lr"]), float(hyperparameters["weight-decay"])
    return math.log10(rate / 0.002) ** 2 + 0.1 * math.log10(decay / 0.001) ** 2


def run(given, count, of=loss, trials=(), parents=(), first_number=1):
    """Trials one after the other."""
    trials = list(trials)
    for number in range(len(trials) + first_number, count + first_number):
        hyperparameters = propose(given, number, trials, parents)
        trials.append(Trial(number, hyperparameters, "Completed", (of(hyperparameters),)))
    return trials
