"""Ranges of few combinations: none comes twice before all have come, and a grid has each once."""

import pytest

from local_test.tuning.search import check, grid_size, propose
from tests.local_test.tuning.searches import DECAY, HEAD, RATE, config, run

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
