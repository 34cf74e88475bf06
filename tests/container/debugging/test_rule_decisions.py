"""What each rule decides on, as plain numbers."""

import numpy as np
import pytest

from container.debugging.rules.gradients_and_activations import (
    dead_percent,
    does_not_improve,
    explodes,
    suspicious,
    vanishing,
)
from container.debugging.rules.progress import (
    change_of_loss,
    does_not_decrease,
    overfit_ratio,
    stalled,
    without_improvement,
)
from container.debugging.rules.weights import out_of_proportion, unchanged, update_ratio

NAN, INFINITE = float("nan"), float("inf")


def test_a_loss_is_compared_with_one_that_is_num_steps_earlier_at_least():
    every_third = [(step, 100.0 - step) for step in range(0, 22, 3)]
    assert change_of_loss(every_third, 10, 1) == pytest.approx(
        100 * (79 - 91) / 91
    )  # step 21 with step 9, as AWS's example has it


def test_means_of_losses_do_not_overlap():
    assert change_of_loss([(0, 4.0), (1, 2.0), (2, 2.0), (3, 1.0)], 1, 2) == pytest.approx(-50)
    assert change_of_loss([(0, 4.0), (1, 2.0), (2, 2.0)], 1, 2) is None


@pytest.mark.parametrize(
    "change, fires", [(-5, False), (-0.1, False), (-0.05, True), (0, True), (3, False), (5.1, True), (NAN, False)]
)
def test_a_loss_must_fall_and_may_rise_a_little(change, fires):
    assert does_not_decrease(change, 0.1, 5) == fires


def test_a_gradient_vanishes_below_the_threshold():
    assert vanishing({"a": 1e-7, "b": 9e-8, "c": 0.0, "d": NAN}, 1e-7) == ["c", "b"]


@pytest.mark.parametrize(
    "extremes, only_nan, fires",
    [
        ((-1.0, 3e38), False, False),
        ((0.0, INFINITE), False, True),
        ((-INFINITE, 0.0), False, True),
        ((NAN, NAN), False, True),
        ((0.0, INFINITE), True, False),
        ((NAN, NAN), True, True),
        ((), False, False),
    ],
)
def test_a_tensor_explodes_at_infinity_or_nan(extremes, only_nan, fires):
    assert explodes(extremes, only_nan) == fires


def test_the_overfit_ratio_is_a_share_of_the_training_loss():
    assert (
        overfit_ratio(0.5, 0.6) == pytest.approx(0.2) and overfit_ratio(0.5, 0.4) < 0 and overfit_ratio(0.0, 1.0) == 0
    )


def test_only_an_improvement_by_more_than_delta_counts():
    assert without_improvement([1.0, 0.5, 0.495, 0.6], 0.01) == 2
    assert without_improvement([1.0, 0.5, 0.48], 0.01) == 0 and without_improvement([], 0.01) == 0
    assert without_improvement([1.0, NAN, NAN], 0.01) == 2


def test_a_loss_that_is_not_a_number_does_not_improve():
    assert does_not_improve([1.0, NAN, NAN], 2) and does_not_improve([1.0, 1.0, 1.2], 2)
    assert not does_not_improve([1.0, 0.9, 1.2], 2) and not does_not_improve([1.0, 1.0], 2)


def test_variances_far_apart_and_narrow_gradients_are_suspicious():
    variances = {"layer1.relu_input_0": 1.0, "layer4.relu_input_0": 20.0}
    assert "layer4.relu vary 20 times as much as those of layer1.relu" in suspicious(variances, {}, 10, 0.001)
    assert "infinitely" in suspicious({"a_input_0": 0.0, "b_input_0": 1.0}, {}, 10, 0.001)
    assert "gradient of fc" in suspicious({"a_input_0": 1.0}, {"gradient/fc": 1e-5, "gradient/conv": 1.0}, 10, 0.001)
    assert suspicious({"a_input_0": 1.0, "b_input_0": 9.0}, {"gradient/fc": 0.01}, 10, 0.001) is None
    assert suspicious({}, {}, 10, 0.001) is None


def test_units_are_dead_below_the_threshold_of_activity():
    assert dead_percent(np.array([0.0, 0.009, 0.01, 0.5]), 1.0) == 50


def test_the_update_ratio_is_exact_for_whole_tensors():
    assert update_ratio(np.array([1.0, -1.0]), np.array([3.0, -1.0]), 1e-9) == (pytest.approx(1.0), True)


def test_of_reductions_an_update_is_known_from_below_or_to_be_none():
    before, after = {("l2", False): 2.0, ("min", False): 0.0}, {("l2", False): 3.0, ("min", False): 0.0}
    assert update_ratio(before, after, 1e-9) == (pytest.approx(0.5), False)
    assert update_ratio(before, dict(before), 1e-9) == (0.0, True)
    assert update_ratio(before, before | {("min", False): -0.1}, 1e-9) == (0.0, False)
    assert update_ratio({}, after, 1e-9) is None


@pytest.mark.parametrize(
    "ratio, exact, fires",
    [(11, True, True), (11, False, True), (1, True, False), (1e-9, True, True), (0, False, False)],
)
def test_an_update_is_out_of_proportion_on_both_sides(ratio, exact, fires):
    assert out_of_proportion(ratio, exact, 1e-8, 10) == fires


def test_tensors_are_unchanged_within_the_tolerance():
    one = np.array([1.0, 100.0])
    assert unchanged([one, one * (1 + 1e-6), one], 1e-5, 1e-8) and not unchanged([one, one, one * 1.001], 1e-5, 1e-8)
    assert not unchanged([one, one[:1]], 1e-5, 1e-8)


def test_a_pause_stalls_above_the_threshold():
    assert stalled(1801, 1800) and not stalled(1800, 1800)
