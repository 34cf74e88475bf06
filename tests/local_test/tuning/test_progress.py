"""Whether a tuning job starts another trial, and how it has ended when it does not."""

import pytest

from local_test.training.job_ending import KILLED
from local_test.tuning.progress import failure, places, seconds_left
from local_test.tuning.trials import Trial, was_lost
from tests.local_test.tuning.tuning_job import trial


def trials(*statuses, values=(0.5,)):
    return [
        Trial(number, {}, status, () if status == "Failed" else values)
        for number, status in enumerate(statuses, start=1)
    ]


def limits(parallel, most=None, seconds=None):
    given = {"MaxParallelTrainingJobs": parallel, "MaxNumberOfTrainingJobs": most, "MaxRuntimeInSeconds": seconds}
    return {"ResourceLimits": {name: value for name, value in given.items() if value is not None}}


@pytest.mark.parametrize(
    ("known", "config", "free"),
    [
        (trials(), limits(2, 10), 2),
        (trials("InProgress"), limits(2, 10), 1),
        (trials("Stopping", "InProgress"), limits(2, 10), 0),
        (trials("Completed", "Failed", "InProgress"), limits(3, 4), 1),
        (trials("Completed", "Failed", "Stopped"), limits(3, 3), 0),
        (trials("Completed", "Stopped"), limits(3), 3),
    ],
)
def test_trials_are_started_while_the_limits_leave_room(known, config, free):
    assert places(config, known, lost=0) == free


def test_after_five_attempts_without_a_success_none_is_started_until_one_that_runs_has_succeeded():
    config = limits(6, 100)
    assert places(config, trials(*["Failed"] * 4, "InProgress"), lost=0) == 5
    assert places(config, trials(*["Failed"] * 5, "InProgress"), lost=0) == 0
    assert places(config, trials(*["Failed"] * 5, "Completed"), lost=0) == 6
    assert places(config, trials(*["Completed"] * 5, values=()), lost=0) == 0


def test_trials_that_were_lost_with_the_service_are_no_attempts():
    assert places(limits(6, 100), trials(*["Failed"] * 5), lost=1) == 6
    assert (
        was_lost(trial(1, "Failed", FailureReason=KILLED))
        and not was_lost(trial(1, "Failed", FailureReason="AlgorithmError"))
        and not was_lost(trial(1))
    )


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (trials("Failed", "Completed"), None),
        (trials("Failed", "Stopped"), None),
        (trials("Failed", "Failed"), "All training jobs failed."),
        (trials(*["Failed"] * 6), "No training job succeeded after 5 attempts."),
        (trials("Failed", "Completed", values=()), "No objective metrics found after running 2 training jobs."),
        (trials(*["Completed"] * 6, values=()), "No objective metrics found after running 5 training jobs."),
        (trials(), "MaxRuntimeInSeconds was over"),
    ],
)
def test_a_tuning_job_that_found_no_objective_has_failed_and_says_why(known, reason):
    assert failure(known) is None if reason is None else failure(known).startswith(reason)


def test_the_time_is_of_the_wall_clock_since_the_creation():
    assert seconds_left(limits(1, seconds=600), 1000.0, 1100.0) == 500.0
    assert seconds_left(limits(1, seconds=600), 1000.0, 1700.0) < 0
    assert seconds_left(limits(1), 1000.0, 1700.0) is None
