"""Bayesian search: what trials, those that run and those of parents say about the next one."""

import itertools
import math
from statistics import median

import pytest

from local_test.tuning.search import propose
from local_test.tuning.trials import Trial
from tests.local_test.tuning.searches import DECAY, EVERY_KIND, RATE, config, run


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
