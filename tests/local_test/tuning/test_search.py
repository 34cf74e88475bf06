"""Which hyperparameters the next trial gets, by strategy."""

import itertools
import math
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from local_test.tuning.search import check, grid_size, propose
from local_test.tuning.trial import Trial

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


def draws(given, name, count):
    return [float(propose(given, number, [], [])[name]) for number in range(1, count + 1)]


def distance_from_uniform(values, low, high):
    """Kolmogorov and Smirnov's: the largest gap between the values' distribution and the uniform one from low to
    high.
    """
    shares = [(value - low) / (high - low) for value in sorted(values)]
    assert shares[0] >= 0 and shares[-1] <= 1
    return max(
        max((index + 1) / len(shares) - share, share - index / len(shares)) for index, share in enumerate(shares)
    )


CRITICAL = 1.63 / math.sqrt(500)  # of 500 uniform draws one sample in a hundred is farther off


# Random


def test_logarithmic_draws_are_uniform_in_the_logarithm():
    logarithms = [
        math.log(value) for value in draws(config("Random", {"ContinuousParameterRanges": [RATE]}), "lr", 500)
    ]
    assert distance_from_uniform(logarithms, math.log(1e-5), 0) < CRITICAL


def test_reverse_logarithmic_draws_are_uniform_in_the_logarithm_of_what_is_left_to_1():
    momentum = {"Name": "momentum", "MinValue": "0", "MaxValue": "0.9999", "ScalingType": "ReverseLogarithmic"}
    values = draws(config("Random", {"ContinuousParameterRanges": [momentum]}), "momentum", 500)
    assert distance_from_uniform([math.log(1 - value) for value in values], math.log(0.0001), 0) < CRITICAL


def test_linear_draws_are_uniform_also_far_below_0():
    shift = {"Name": "shift", "MinValue": "-300", "MaxValue": "100", "ScalingType": "Linear"}
    assert (
        distance_from_uniform(draws(config("Random", {"ContinuousParameterRanges": [shift]}), "shift", 500), -300, 100)
        < CRITICAL
    )


def test_integers_are_drawn_on_a_logarithmic_scale_too():
    units = {"Name": "units", "MinValue": "1", "MaxValue": "10000", "ScalingType": "Logarithmic"}
    below = [value <= 100 for value in draws(config("Random", {"IntegerParameterRanges": [units]}), "units", 200)]
    assert 80 < sum(below) < 130  # on a linear scale: 2


def test_integers_are_drawn_up_to_both_bounds():
    depth = {"Name": "depth", "MinValue": "2", "MaxValue": "5"}
    drawn = draws(
        config("Random", {"IntegerParameterRanges": [depth], "ContinuousParameterRanges": [RATE]}), "depth", 200
    )
    counts = [drawn.count(value) for value in (2, 3, 4, 5)]
    assert sum(counts) == 200 and min(counts) > 30


@pytest.mark.parametrize("strategy", ["Random", "Hyperband"])
def test_random_proposals_depend_on_the_seed_and_the_number_alone(strategy):
    given = config(strategy, EVERY_KIND)
    alone = [propose(given, number, [], []) for number in range(1, 7)]
    assert [trial.hyperparameters for trial in run(given, 6)] == alone
    assert [propose(given, number, run(given, 3, lambda _: 9.0), run(given, 2)) for number in range(1, 7)] == alone
    assert len({str(one) for one in alone}) == 6
    assert propose(config(strategy, EVERY_KIND, seed=1), 1, [], []) != alone[0]


# Bayesian


def test_bayesian_search_finds_better_values_than_random_search():
    def found(strategy, seed):
        given = config(strategy, {"ContinuousParameterRanges": [RATE, DECAY]}, seed)
        return min(trial.objective for trial in run(given, 30))

    bayesian, random = (median(found(strategy, seed) for seed in range(10)) for strategy in ("Bayesian", "Random"))
    assert bayesian < random / 2


@pytest.mark.parametrize(("objective", "sign"), [("Minimize", 1), ("Maximize", -1)])
def test_bayesian_search_goes_where_the_objective_says(objective, sign):
    def away(hyperparameters):
        return abs(math.log10(float(hyperparameters["lr"]) / 0.01))

    given = [config("Bayesian", {"ContinuousParameterRanges": [RATE]}, seed, objective) for seed in range(5)]
    late = [
        away(trial.hyperparameters)
        for one in given
        for trial in run(one, 25, lambda drawn: sign * away(drawn) ** 2)[15:]
    ]
    assert median(late) < 0.8  # random draws: 1.25


def test_the_same_seed_gives_the_same_trials_and_another_seed_others():
    given = config("Bayesian", EVERY_KIND)
    assert run(given, 10) == run(given, 10)
    assert run(given, 10) != run(config("Bayesian", EVERY_KIND, seed=1), 10)


def test_a_search_goes_on_after_a_restart_as_if_there_had_been_none():
    given = config("Bayesian", EVERY_KIND)
    whole = run(given, 12)
    kept = sorted(whole[:7], key=lambda trial: -trial.number)  # whatever the order in which they are read back
    assert [propose(given, trial.number, whole, []) for trial in whole] == [trial.hyperparameters for trial in whole]
    assert propose(given, 8, kept, []) == whole[7].hyperparameters
    assert run(given, 12, trials=whole[:7])[7:] == whole[7:]


def test_a_config_without_a_seed_is_no_search():
    given = config("Bayesian", EVERY_KIND)
    del given["RandomSeed"]
    with pytest.raises(KeyError, match="RandomSeed"):
        propose(given, 1, [], [])


def test_trials_that_run_keep_the_next_one_away():
    """In a small space, where the best place is known: the next proposals would else crowd there."""
    optimizers = {"Name": "optimizer", "Values": ["sgd", "adam", "adamw", "lamb", "lion", "muon"]}
    given = config("Bayesian", {"CategoricalParameterRanges": [optimizers], "ContinuousParameterRanges": [RATE]})
    ended = run(given, 20, lambda one: (one["optimizer"] != "adam") + abs(math.log10(float(one["lr"])) + 3))
    trials = list(ended)
    for number in range(21, 29):
        trials.append(Trial(number, propose(given, number, trials, []), "InProgress", (0.5,)))
    rates = [float(trial.hyperparameters["lr"]) for trial in trials[20:]]
    assert min(abs(math.log(one / other)) for one, other in itertools.combinations(rates, 2)) > 0.001
    assert [propose(given, number, ended, []) for number in range(21, 29)] != [
        trial.hyperparameters for trial in trials[20:]
    ]


def test_what_a_running_trial_has_printed_so_far_does_not_matter():
    given = config("Bayesian", {"ContinuousParameterRanges": [RATE, DECAY]})
    ended, running = run(given, 8), propose(given, 9, run(given, 8), [])
    for status in ("InProgress", "Stopping"):
        silent, talking = (Trial(9, running, status, values) for values in ((), (-9.0, -10.0)))
        assert propose(given, 10, [*ended, talking], []) == propose(given, 10, [*ended, silent], [])


def test_parents_help_from_the_first_trial_on():
    ranges = {"ContinuousParameterRanges": [RATE, DECAY]}

    def first_five(seed, parents):
        return min(trial.objective for trial in run(config("Bayesian", ranges, seed), 5, parents=parents))

    parents = run(config("Random", ranges, seed=99), 30)
    assert (
        median(first_five(seed, parents) for seed in range(10)) < median(first_five(seed, []) for seed in range(10)) / 2
    )


def test_parents_that_lie_outside_the_ranges_or_lack_a_hyperparameter_do_not_count():
    given = config("Bayesian", EVERY_KIND)
    inside = [
        Trial(n, one.hyperparameters, "Completed", (n / 10,))
        for n, one in enumerate(run(config("Random", EVERY_KIND, 5), 8), 1)
    ]
    foreign = [
        Trial(9, inside[0].hyperparameters | {"lr": "2"}, "Completed", (-1.0,)),
        Trial(10, inside[0].hyperparameters | {"freeze-backbone": "true"}, "Completed", (-1.0,)),
        Trial(11, {"lr": "0.1"}, "Completed", (-1.0,)),
    ]
    assert propose(given, 1, [], inside + foreign) == propose(given, 1, [], inside)
    assert propose(given, 1, [], inside) != propose(given, 1, [], [])


def test_what_a_parent_tuned_besides_does_not_matter():
    given = config("Bayesian", {"ContinuousParameterRanges": [RATE]})
    parents = run(given, 8, lambda one: float(one["lr"]))
    more = [Trial(one.number, one.hyperparameters | {"epochs": "3"}, one.status, one.values) for one in parents]
    assert propose(given, 1, [], more) == propose(given, 1, [], parents) != propose(given, 1, [], [])


def as_ended(trials, status, values):
    return [Trial(trial.number, trial.hyperparameters, status, values) for trial in trials]


def test_stopped_trials_are_observations_and_failed_ones_are_not():
    given = config("Bayesian", {"ContinuousParameterRanges": [RATE, DECAY]})
    trials = run(given, 8)
    stopped = [Trial(one.number, one.hyperparameters, "Stopped", (9.0, one.objective)) for one in trials]
    nothing_known = propose(given, 9, [], [])
    assert propose(given, 9, stopped, []) != nothing_known
    assert propose(given, 9, as_ended(trials, "Failed", (1.0,)), []) == nothing_known
    assert propose(given, 9, as_ended(trials, "Completed", ()), []) == nothing_known


def test_a_stopped_trial_ranks_behind_the_completed_ones():
    """At an early epoch of a falling loss it would look bad anyway, of a rising one too good: here it is the lowest of
    all.
    """
    given = config("Bayesian", {"ContinuousParameterRanges": [RATE]})
    completed = [Trial(n, {"lr": repr(10 ** -(n / 5))}, "Completed", (abs(n / 5 - 1),)) for n in range(1, 21)]

    def proposed(status):
        odd = Trial(21, {"lr": "0.00002"}, status, (-5.0,))
        return [float(propose(given, number, [*completed, odd], [])["lr"]) for number in range(22, 32)]

    assert sum(rate < 0.0005 for rate in proposed("Completed")) > sum(rate < 0.0005 for rate in proposed("Stopped"))


# No repeats


def optimizers_and_sizes(strategy, seed=0):
    sizes = {"Name": "image-size", "MinValue": "1", "MaxValue": "4", "ScalingType": "Logarithmic"}
    optimizers = {"Name": "optimizer", "Values": ["a", "b", "c"]}
    return config(strategy, {"IntegerParameterRanges": [sizes], "CategoricalParameterRanges": [HEAD, optimizers]}, seed)


@pytest.mark.parametrize("strategy", ["Bayesian", "Random"])
@pytest.mark.parametrize("seed", range(3))
def test_no_combination_comes_twice_before_every_one_has_come(strategy, seed):
    given = optimizers_and_sizes(strategy, seed)
    trials = run(given, 26, lambda one: float(one["image-size"]))
    combinations = [tuple(trial.hyperparameters.values()) for trial in trials]
    assert len(set(combinations[:24])) == 24
    assert set(combinations[24:]) <= set(combinations[:24])


def test_random_proposals_without_repeats_do_not_depend_on_results():
    given = optimizers_and_sizes("Random")
    good, bad = (run(given, 24, lambda one, value=value: value) for value in (0.0, 1.0))
    assert [trial.hyperparameters for trial in good] == [trial.hyperparameters for trial in bad]


def test_a_combination_of_very_many_is_proposed_too():
    wide = [{"Name": f"n{i}", "MinValue": "0", "MaxValue": str(2**53)} for i in range(29)]
    check(config("Random", {"IntegerParameterRanges": wide, "ContinuousParameterRanges": [RATE]}))
    assert (
        len(propose(config("Random", {"IntegerParameterRanges": wide, "ContinuousParameterRanges": [RATE]}), 1, [], []))
        == 30
    )


# Grid


GRID = {
    "CategoricalParameterRanges": [
        {"Name": "arch", "Values": ["resnet18", "resnet34"]},
        {"Name": "lr", "Values": ['"0.1"', '"0.01"', '"0.001"']},
    ]
}


def test_a_grid_has_every_combination_once_in_the_order_of_its_ranges_and_then_ends():
    proposals = [propose(config("Grid", GRID), number, [], []) for number in range(1, 9)]
    every = [{"arch": arch, "lr": rate} for arch in ("resnet18", "resnet34") for rate in ('"0.1"', '"0.01"', '"0.001"')]
    assert proposals == [*every, None, None]
    assert grid_size(config("Grid", GRID)) == 6


def test_a_grid_is_of_categorical_ranges():
    with pytest.raises(ValueError, match="Grid is for categorical ranges only: list the values of weight-decay"):
        check(config("Grid", {**GRID, "ContinuousParameterRanges": [DECAY]}))


def test_the_number_of_training_jobs_is_that_of_the_grid_or_not_given():
    check(config("Grid", GRID))
    check(config("Grid", GRID, MaxNumberOfTrainingJobs=6))
    for number in (5, 7):
        with pytest.raises(ValueError, match=f"MaxNumberOfTrainingJobs is {number}, and the grid has 6 combinations"):
            check(config("Grid", GRID, MaxNumberOfTrainingJobs=number))


def test_ranges_are_checked_whatever_the_strategy():
    for strategy in ("Bayesian", "Random", "Hyperband", "Grid"):
        with pytest.raises(ValueError, match="no range"):
            check(config(strategy, {}))


# The service's log


def test_a_search_writes_nothing_into_the_log():
    """In a process of its own: Optuna writes to the standard error stream that was there when it was imported."""
    program = f"""
from local_test.tuning.search import propose
from local_test.tuning.trial import Trial
given = {config("Bayesian", {"ContinuousParameterRanges": [RATE]})}
trials = []
for number in range(1, 9):
    trials.append(Trial(number, propose(given, number, trials, []), "Completed", (0.5,)))
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
