"""TrainingJobEarlyStoppingType Auto: a trial against the median of the running averages before it."""

import pytest

from local_test.tuning.early_stopping import is_worse_than_median

# Running averages at the second epoch: 0.2, 0.4, 0.6. At the third: 0.3, 0.5, 0.7.
EARLIER = [(0.1, 0.3, 0.5), (0.3, 0.5, 0.7), (0.5, 0.7, 0.9)]


@pytest.mark.parametrize(
    ("value", "maximise", "stopped"),
    [
        (0.41, True, False),
        (0.39, True, True),
        (0.39, False, False),
        (0.41, False, True),
    ],
)
def test_a_value_worse_than_the_median_of_running_averages_stops_the_trial(value, maximise, stopped):
    assert is_worse_than_median((0.0, value), EARLIER, maximise) is stopped


def test_averages_are_up_to_the_same_epoch():
    """Against whole averages, the median of which is 0.5, it would be worse."""
    assert not is_worse_than_median((0.0, 0.45), EARLIER, True)
    assert is_worse_than_median((0.0, 0.45, 0.45), EARLIER, True)


def test_only_the_latest_value_of_the_trial_itself_counts():
    assert not is_worse_than_median((-99.0, 0.5), EARLIER, True)
    assert is_worse_than_median((99.0, 0.3), EARLIER, True)


@pytest.mark.parametrize("maximise", [True, False])
def test_being_equal_is_not_being_worse(maximise):
    assert not is_worse_than_median((1.0, 1.0), [(1.0, 1.0)] * 3, maximise)


def test_the_median_of_an_even_number_lies_between_the_two_in_the_middle():
    averages = [(0.0,), (0.2,), (0.6,), (1.0,)]
    assert is_worse_than_median((0.39,), averages, True) and not is_worse_than_median((0.41,), averages, True)


def test_fewer_than_three_earlier_trials_say_nothing():
    assert not is_worse_than_median((-1.0, -1.0), EARLIER[:2], True)
    assert is_worse_than_median((-1.0, -1.0), EARLIER, True)


def test_trials_that_have_not_come_as_far_do_not_count():
    assert not is_worse_than_median((0.0, -1.0), [*EARLIER[:2], (0.9,), (), (0.8,)], True)


def test_a_trial_without_a_value_is_not_stopped():
    assert not is_worse_than_median((), [(), (), (1.0,)], True)
