"""TrainingJobEarlyStoppingType Auto: a trial against the median of the running averages before it."""

import pytest

from local_test.tuning.early_stopping import is_worse_than_median, reason_to_stop
from local_test.tuning.trials import Trial

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


def trial(number, values, status="InProgress"):
    return Trial(number, {}, status, tuple(values))


BAYESIAN = {
    "Strategy": "Bayesian",
    "RandomSeed": 1,
    "TrainingJobEarlyStoppingType": "Auto",
    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "a"},
}
BEFORE = [trial(number, values, "Completed") for number, values in enumerate(EARLIER, start=1)]


def test_a_trial_is_judged_at_each_new_epoch_against_those_before_it():
    bad, later = trial(4, (0.9, 0.1, 0.9)), trial(5, (0.0, 0.0, 0.0))
    why = reason_to_stop(BAYESIAN, {}, bad, [*BEFORE, bad, later], judged=0)
    assert why == "after epoch 2 its objective is worse than the median of the trials before it"
    assert reason_to_stop(BAYESIAN, {}, bad, [*BEFORE, bad, later], judged=2) is None
    assert reason_to_stop({**BAYESIAN, "TrainingJobEarlyStoppingType": "Off"}, {}, bad, [*BEFORE, bad], 0) is None


def test_failed_trials_are_no_measure():
    failed = [trial(one.number, one.values, "Failed") for one in BEFORE]
    bad = trial(4, (0.0, 0.0))
    assert reason_to_stop(BAYESIAN, {}, bad, [*failed, bad], judged=0) is None


def test_hyperband_stops_a_trial_that_goes_on_past_its_largest_number_of_epochs():
    config = {**BAYESIAN, "Strategy": "Hyperband", "TrainingJobEarlyStoppingType": "Off"}
    long = trial(1, (0.1,) * 4)
    assert reason_to_stop(config, {"epochs": "3"}, long, [long], 0) == "Hyperband lets it go no further than epoch 4"
    assert reason_to_stop(config, {"epochs": "4"}, long, [long], 0) is None
