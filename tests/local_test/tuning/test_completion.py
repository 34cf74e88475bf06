"""When a tuning job has found enough, and which trial is its best."""

import pytest

from local_test.tuning.progress import best, has_converged, not_improving, reason_to_complete
from local_test.tuning.trials import Trial


def trials(*objectives, status="Completed"):
    return [Trial(number, {}, status, (9.0, objective)) for number, objective in enumerate(objectives, start=1)]


def config(objective="Maximize", **criteria):
    return {
        "HyperParameterTuningJobObjective": {"Type": objective, "MetricName": "m"},
        "TuningJobCompletionCriteria": criteria,
    }


def test_the_best_trial_is_by_the_last_value_and_the_first_of_equal_ones():
    assert best(trials(0.5, 0.9, 0.7, 0.9), maximise=True).number == 2
    assert best(trials(0.5, 0.3, 0.7, 0.3), maximise=False).number == 2
    assert best(trials(0.5, 0.9, 0.7, 0.9)[::-1], maximise=True).number == 2


def test_a_stopped_trial_is_the_best_only_when_none_has_completed():
    stopped = trials(0.9, 0.8, status="Stopped")
    assert best([*stopped, Trial(3, {}, "Completed", (0.1,))], True).number == 3
    assert best(stopped, True).number == 1


@pytest.mark.parametrize("status", ["InProgress", "Stopping", "Failed"])
def test_trials_that_run_or_failed_or_printed_nothing_are_not_the_best(status):
    nothing = Trial(2, {}, "Completed", ())
    assert best([*trials(0.9, status=status), nothing, Trial(3, {}, "Completed", (0.1,))], True).number == 3
    assert best([*trials(0.9, status=status), nothing], True) is None


@pytest.mark.parametrize(
    ("objectives", "maximise", "count"),
    [
        ([], True, 0),
        ([0.5], True, 0),
        ([0.5, 0.4, 0.5, 0.504], True, 3),
        ([0.5, 0.4, 0.51], True, 0),
        ([0.5, 0.6, 0.55, 0.59], True, 2),
        ([0.5, 0.6, 0.497, 0.49, 0.7], False, 1),
        ([-1.0, -0.98, -0.99], True, 1),
        ([-1.0, -0.995], True, 1),
        ([0.0, 0.0, 1e-9], True, 0),
        ([100.0, 100.5, 101.2, 101.3], True, 1),
    ],
)
def test_trials_without_an_improvement_of_one_percent_are_counted_since_the_last_one(objectives, maximise, count):
    assert not_improving(trials(*objectives), maximise) == count


def test_trials_count_by_number_when_they_have_ended_with_an_objective():
    given = trials(0.5, 0.4, 0.6, 0.55)
    more = [
        Trial(5, {}, "Stopped", (0.1,)),
        Trial(6, {}, "Failed", (0.9,)),
        Trial(7, {}, "InProgress", (0.9,)),
        Trial(8, {}, "Completed", ()),
    ]
    assert not_improving([*more, *given[::-1]], True) == 2


def test_without_criteria_nothing_completes_a_tuning_job():
    given = {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "m"}}
    assert reason_to_complete(given, trials(*[0.5] * 100)) is None
    assert (
        reason_to_complete(config(ConvergenceDetected={"CompleteOnConvergence": "Disabled"}), trials(*[0.5] * 100))
        is None
    )


@pytest.mark.parametrize(
    ("objective", "target", "values", "number"),
    [
        ("Maximize", 0.9, (0.8, 0.89), None),
        ("Maximize", 0.9, (0.8, 0.9, 0.95), 2),
        ("Minimize", 0.2, (0.3, 0.21), None),
        ("Minimize", 0.0, (0.3, 0.0), 2),
    ],
)
def test_a_target_is_met_when_a_trial_is_as_good_or_better(objective, target, values, number):
    reason = reason_to_complete(config(objective, TargetObjectiveMetricValue=target), trials(*values))
    assert (
        reason is None
        if number is None
        else reason.startswith(f"Trial {number} has reached TargetObjectiveMetricValue {target}")
    )


def test_a_target_is_met_by_trials_that_ended_only():
    given = config(TargetObjectiveMetricValue=0.9)
    assert reason_to_complete(given, trials(0.95, status="InProgress") + trials(0.95, status="Failed")) is None
    assert "Trial 1" in reason_to_complete(given, trials(0.95, status="Stopped"))


def test_a_tuning_job_completes_after_so_many_trials_without_an_improvement():
    given = config(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 3})
    assert reason_to_complete(given, trials(0.5, 0.4, 0.4)) is None
    assert reason_to_complete(given, trials(0.5, 0.4, 0.4, 0.6, 0.4, 0.4)) is None
    assert "latest 3 training jobs did not improve" in reason_to_complete(given, trials(0.5, 0.4, 0.4, 0.4))


def test_a_search_converges_when_it_has_spent_as_many_trials_again_without_an_improvement_and_at_least_ten():
    assert not has_converged(trials(0.5, *[0.4] * 9), True)
    assert has_converged(trials(0.5, *[0.4] * 10), True)
    rising = [0.1 * number for number in range(1, 21)]
    assert not has_converged(trials(*rising, *[0.4] * 19), True)
    assert has_converged(trials(*rising, *[0.4] * 20), True)


def test_convergence_completes_a_tuning_job_that_asks_for_it():
    given = config(ConvergenceDetected={"CompleteOnConvergence": "Enabled"})
    assert reason_to_complete(given, trials(0.5, *[0.4] * 9)) is None
    assert "has converged: the latest 10 training jobs" in reason_to_complete(given, trials(0.5, *[0.4] * 10))
