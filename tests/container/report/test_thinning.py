"""Long series become short ones that look the same."""

import math

from container.report.plot import averaged, thinned


def test_a_short_series_is_kept_as_it_is():
    assert thinned([1.0, None, 3.0], 10) == [0, 1, 2]


def test_the_one_high_and_the_one_low_value_of_a_long_series_stay():
    values = [1.0] * 10_000
    values[4321], values[7654] = 9.0, -9.0
    kept = thinned(values, 100)
    assert {0, 4321, 7654, 9_999} <= set(kept) and len(kept) <= 102


def test_a_gap_stays_a_gap():
    values = [1.0] * 500 + [None] * 500 + [math.nan] * 500
    kept = thinned(values, 100)
    assert sum(values[place] is None for place in kept) >= 10 and len(kept) <= 102


def test_a_mean_is_of_the_numbers_that_are_there():
    assert averaged([1.0, None, 3.0, math.nan, None, None], 3) == [(0, 1.0), (2, 3.0), (4, None)]
    assert len(averaged([1.0] * 1001, 100)) <= 100
