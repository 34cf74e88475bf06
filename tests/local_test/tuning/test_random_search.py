"""Random search: how values are drawn."""

import math

import pytest

from local_test.tuning.search import propose
from tests.local_test.tuning.searches import EVERY_KIND, RATE, config, run


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
