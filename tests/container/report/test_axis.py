"""Axes hold every value between round numbers."""

import math

import pytest

from container.report.axis import linear_axis, logarithmic_axis, whole_axis


@pytest.mark.parametrize(
    "values", [[0.5, 0.9], [3.2, 4.7], [1e-9, 2e-9], [-3, 5], [0, 1e6], [7], [0], [-2.5], [0.1, 0.3], [1e300, 2e300]]
)
def test_every_value_lies_within_the_ticks(values):
    axis = linear_axis(values)
    assert all(axis.ticks[0] <= value <= axis.ticks[-1] for value in values)
    assert axis.ticks == tuple(sorted(set(axis.ticks))) and 2 <= len(axis.ticks) <= 8
    assert all(0 <= axis.place(value) <= 1 for value in values)


def test_what_is_no_number_does_not_count():
    assert linear_axis([1.0, None, math.nan, math.inf, 2.0]) == linear_axis([1.0, 2.0])


def test_an_axis_begins_at_zero_where_that_costs_little_room():
    assert linear_axis([0.3, 4.0]).low == 0
    assert linear_axis([3.8, 4.0]).low > 3


def test_a_share_has_no_tick_above_one():
    assert linear_axis([0.4, 0.97], at_most=1.0).high == 1.0


def test_without_a_value_there_is_still_an_axis():
    assert linear_axis([]).low < linear_axis([]).high
    assert logarithmic_axis([0.0, math.nan]).low > 0


def test_one_epoch_stands_in_the_middle():
    axis = whole_axis(1, 1)
    assert axis.place(1) == 0.5 and axis.ticks == (1,)


@pytest.mark.parametrize("high", [2, 3, 7, 12, 100, 1000, 54321])
def test_ticks_of_epochs_are_whole_and_begin_with_the_first(high):
    ticks = whole_axis(1, high).ticks
    assert ticks[0] == 1 and all(float(tick).is_integer() and tick <= high for tick in ticks) and len(ticks) <= 11


def test_a_logarithmic_axis_goes_by_powers_of_ten():
    axis = logarithmic_axis([3e-4, 0.2])
    assert (axis.low, axis.high) == pytest.approx((1e-4, 1))
    assert axis.place(1e-2) == pytest.approx(0.5) and axis.place(0.0) == 0


def test_a_logarithmic_axis_does_not_follow_one_value_down_to_nothing():
    axis = logarithmic_axis([1e-300, 1.0])
    assert axis.low >= 1e-15
