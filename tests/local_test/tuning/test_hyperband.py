"""Strategy Hyperband: how many epochs there are, and which trials are stopped on the way."""

import random

import pytest

from local_test.tuning.hyperband import max_resource, should_stop
from local_test.tuning.trials import Trial


def config(objective="Maximize", seed=0, **resources):
    return {
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": resources},
        "HyperParameterTuningJobObjective": {"Type": objective, "MetricName": "valid_accuracy"},
        "RandomSeed": seed,
    }


def run(given, goodness, most, epochs=None):
    """Trials one after the other, asked about after each epoch. goodness: their constant objectives, in order."""
    trials = []
    for number, value in enumerate(goodness, start=1):
        values = ()
        while len(values) < (epochs or most):
            values += (value,)
            if should_stop(given, Trial(number, {}, "InProgress", values), trials, most):
                break
        trials.append(Trial(number, {}, "Completed" if len(values) == (epochs or most) else "Stopped", values))
    return trials


GOODNESS = [value / 32 for value in random.Random(0).sample(range(32), 32)]


@pytest.fixture(scope="module")
def up_to_27():
    """32 trials of at most 27 epochs."""
    return run(config(MaxResource=27), GOODNESS, 27)


def test_max_resource_is_taken_from_the_request_first():
    assert max_resource(config(MaxResource=27), {"epochs": "9"}) == 27
    assert max_resource(config(MinResource=20000, MaxResource=20000), {}) == 20000


@pytest.mark.parametrize("name", ["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"])
@pytest.mark.parametrize("text", ["12", '"12"'])
def test_max_resource_is_inferred_from_a_static_hyperparameter(name, text):
    given = config(MinResource=2)
    assert max_resource(given, {"lr": "0.1", name: text}) == 12
    del given["StrategyConfig"]
    assert max_resource(given, {name: text}) == 12


@pytest.mark.parametrize(
    ("resources", "static", "said"),
    [
        (
            {},
            {"lr": "0.1", "max-epochs": "9"},
            "set MaxResource in HyperbandStrategyConfig, or a static hyperparameter.*n-epochs",
        ),
        ({}, {"epochs": "many"}, "static hyperparameter epochs is many"),
        ({}, {"epochs": "0"}, "static hyperparameter epochs is 0, which is no number of epochs"),
        ({}, {"epochs": "20001"}, "at most 20000 epochs, and the static hyperparameter epochs is 20001"),
        ({"MaxResource": 20001}, {}, "at most 20000 epochs, and MaxResource is 20001"),
        ({"MinResource": 10, "MaxResource": 9}, {}, "MinResource is 10 and MaxResource is 9"),
        ({"MinResource": 10}, {"epochs": "9"}, "MinResource is 10 and the static hyperparameter epochs is 9"),
    ],
)
def test_a_request_that_hyperband_cannot_run_is_refused(resources, static, said):
    with pytest.raises(ValueError, match=said):
        max_resource(config(**resources), static)


def test_most_epochs_go_to_the_better_trials(up_to_27):
    by_value = sorted(up_to_27, key=lambda trial: trial.values[0])
    worse, better = (sum(len(trial.values) for trial in half) for half in (by_value[:16], by_value[16:]))
    assert better > 1.5 * worse
    assert worse + better < 32 * 27 / 2
    assert by_value[-1].status == "Completed"


def test_minimising_stops_the_higher_values(up_to_27):
    as_minimum = run(config("Minimize", MaxResource=27), [-value for value in GOODNESS], 27)
    assert [len(trial.values) for trial in as_minimum] == [len(trial.values) for trial in up_to_27]


def test_trials_are_stopped_at_rungs_only_and_in_several_brackets(up_to_27):
    assert {len(trial.values) for trial in up_to_27} == {1, 3, 9, 27}


def test_no_trial_is_stopped_before_min_resource():
    assert {len(trial.values) for trial in run(config(MinResource=4, MaxResource=27), GOODNESS, 27)} == {4, 12, 27}


def test_a_trial_that_reaches_max_resource_is_left_to_end_and_one_that_goes_past_it_is_stopped():
    given = config(MinResource=1, MaxResource=9)
    assert {len(trial.values) for trial in run(given, GOODNESS, 9, epochs=20)} == {1, 3, 10}
    alone = Trial(1, {}, "InProgress", (0.5,) * 9)
    assert not should_stop(given, alone, [], 9)
    assert should_stop(given, Trial(1, {}, "InProgress", (0.5,) * 10), [], 9)


def test_the_first_trial_has_nobody_to_lose_against():
    for seed in range(10):
        trials = [Trial(number, {}, "Completed", (1.0,) * 9) for number in range(2, 40)]
        assert not should_stop(config(seed=seed, MaxResource=9), Trial(1, {}, "InProgress", (0.0,) * 4), trials, 9)


def test_the_same_trials_give_the_same_answer_in_any_order(up_to_27):
    given = config(MaxResource=27)
    before = up_to_27[:20]
    asked = [Trial(21, {}, "InProgress", (value,) * 4) for value in (0.0, 0.6, 0.9, 1.0)]
    answers = [should_stop(given, trial, before, 27) for trial in asked]
    assert [should_stop(given, trial, before[::-1], 27) for trial in asked] == answers
    assert True in answers and False in answers


def test_a_trial_is_not_judged_by_those_after_it(up_to_27):
    given = config(MaxResource=27)
    before = up_to_27[:12]
    after = [Trial(number, {}, "InProgress", (1.0,) * 27) for number in range(14, 40)]
    for value in (0.1, 0.5, 0.95):
        trial = Trial(13, {}, "InProgress", (value,) * 5)
        assert should_stop(given, trial, [*before, trial, *after], 27) is should_stop(given, trial, before, 27)


def test_a_rung_is_not_missed_when_several_epochs_are_heard_of_at_once(up_to_27):
    given = config(MaxResource=27)
    before = up_to_27[:20]
    at_the_rung, past_it = (
        [should_stop(given, Trial(number, {}, "InProgress", (0.0,) * epochs), before, 27) for number in range(21, 40)]
        for epochs in (3, 5)
    )
    assert at_the_rung == past_it and True in at_the_rung


def test_it_is_the_value_at_the_rung_that_counts():
    """A trial that was the best at the first rung is not stopped for what came after, and before the next rung."""
    given = config(MaxResource=27)
    before = [Trial(number, {}, "Completed", (0.5,) * 27) for number in range(1, 30)]
    stopped = {
        value: [should_stop(given, Trial(number, {}, "InProgress", value), before, 27) for number in range(30, 50)]
        for value in ((0.9, 0.0), (0.0, 0.9))
    }
    assert not any(stopped[0.9, 0.0]) and any(stopped[0.0, 0.9])


def test_the_seed_says_which_trial_is_in_which_bracket():
    lengths = [
        [len(trial.values) for trial in run(config(seed=seed, MaxResource=9), GOODNESS[:20], 9)] for seed in range(3)
    ]
    assert len({str(one) for one in lengths}) == 3
