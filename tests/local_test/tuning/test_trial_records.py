"""Trials on disk: what was heard of them outlives the service and their training jobs."""

import pytest

from local_test.host.state import State
from local_test.tuning.trials import TrialRecords

JOB = {"TrainingJobName": "t-001-abc", "TrainingJobArn": "arn", "TrainingJobStatus": "InProgress", "CreationTime": 1.0}
ENDED = {**JOB, "TrainingJobStatus": "Completed", "TrainingEndTime": 2.0}


@pytest.fixture
def state(tmp_path):
    return State(tmp_path)


@pytest.fixture
def trials(state):
    made = TrialRecords(state)
    made.create("t", 1, {"x": "1"}, JOB)
    return made


def test_values_are_in_their_order_and_come_back_after_a_restart(trials, tmp_path):
    trials.add_values("t", 1, [0.1, 0.2])
    trials.add_values("t", 1, [0.3])
    [back] = TrialRecords(State(tmp_path)).of("t")
    assert (back["Values"], back["TunedHyperParameters"], back["TrainingJobStatus"]) == (
        [0.1, 0.2, 0.3],
        {"x": "1"},
        "InProgress",
    )


def test_a_trial_is_as_its_training_job_is(trials, state):
    state.records("training-job").create("t-001-abc", {**JOB, "TrainingJobStatus": "Stopping"})
    assert trials.of("t")[0]["TrainingJobStatus"] == "Stopping"


def test_how_a_trial_ended_is_known_when_its_name_belongs_to_another_job(trials, state):
    trials.store_end("t", 1, {**ENDED, "RoleArn": "r"})
    state.records("training-job").create("t-001-abc", {**JOB, "TrainingJobStatus": "Failed"})
    [ended] = trials.of("t")
    assert (ended["TrainingJobStatus"], ended["TrainingEndTime"]) == ("Completed", 2.0) and "RoleArn" not in ended


def test_trials_are_by_number_and_of_one_tuning_job_alone(trials):
    for tuning_job, number in (("t", 10), ("t", 2), ("t-1", 1), ("T", 1)):
        trials.create(tuning_job, number, {}, JOB)
    assert [trial["Number"] for trial in trials.of("t")] == [1, 2, 10]
    trials.forget("t", 2)
    assert [trial["Number"] for trial in trials.of("t")] == [1, 10]
    trials.forget("t")
    assert trials.of("t") == [] and len(trials.of("t-1")) == 1


def test_at_a_restart_a_trial_has_ended_or_never_begun(trials, state):
    trials.create("t", 2, {}, {**JOB, "TrainingJobName": "t-002-abc"})
    state.records("training-job").create("t-001-abc", ENDED)
    trials.settle("t")
    state.records("training-job").delete("t-001-abc")
    assert [(trial["Number"], trial["TrainingJobStatus"]) for trial in trials.of("t")] == [(1, "Completed")]
