"""Numbers are written with the digits that mean something."""

import math

import pytest

from container.report import shown_numbers as shown


@pytest.mark.parametrize(
    "value, said",
    [
        (0.4123, "0.412"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (70.0, "70"),
        (0, "0"),
        (3.21e-7, "3.21e-7"),
        (2.5e9, "2.5e9"),
        (-0.5, "-0.500"),
        (None, "–"),
        (math.nan, "not a number"),
        (-math.inf, "minus infinite"),
    ],
)
def test_three_significant_digits(value, said):
    assert shown.number(value) == said


@pytest.mark.parametrize(
    "value, said",
    [(0, "0"), (0.25, "0.25"), (1e-7, "1e-7"), (2.5e-4, "2.5e-4"), (2000, "2,000"), (1e6, "1e6"), (0.1 + 0.2, "0.3")],
)
def test_ticks_are_short(value, said):
    assert shown.tick(value) == said


@pytest.mark.parametrize(
    "seconds, said",
    [
        (0.84, "0.8 s"),
        (45, "45 s"),
        (59.7, "1 min 0 s"),
        (192.4, "3 min 12 s"),
        (3599.8, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (math.nan, "not a number"),
    ],
)
def test_durations_are_in_hours_minutes_and_seconds(seconds, said):
    assert shown.duration(seconds) == said


@pytest.mark.parametrize(
    "seconds, said", [(0.000412, "412 µs"), (0.0124, "12.4 ms"), (1.318, "1.32 s"), (0, "0 ms"), (None, "–")]
)
def test_times_of_a_step_have_the_unit_that_suits_them(seconds, said):
    assert shown.short_time(seconds) == said


def test_shares_are_percent():
    assert (shown.percent(0.9342), shown.percent(1.0, 0), shown.percent(math.nan)) == ("93.4%", "100%", "not a number")


def test_counted_things_agree_with_their_number():
    assert (shown.counted(1, "class", "classes"), shown.counted(1234, "picture")) == ("1 class", "1,234 pictures")
