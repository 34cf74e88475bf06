"""Statuses of a training job: every step is a transition with its times, and the end tells how it ended."""

import pytest

from local_test.training.status import enter, failure_reason, time_used


def after(*steps):
    record = {"TrainingJobStatus": "InProgress"}
    for moment, secondary in enumerate(steps, start=100):
        record |= enter(record, secondary, float(moment))
    return record


def test_a_transition_ends_when_the_next_begins():
    record = after("Starting", "Downloading", "Training")
    assert [(one["Status"], one["StartTime"], one.get("EndTime")) for one in record["SecondaryStatusTransitions"]] == [
        ("Starting", 100, 101),
        ("Downloading", 101, 102),
        ("Training", 102, None),
    ]
    assert (record["SecondaryStatus"], record["TrainingJobStatus"], record["TrainingStartTime"]) == (
        "Training",
        "InProgress",
        102,
    )


@pytest.mark.parametrize(
    ("secondary", "status"),
    [
        ("Completed", "Completed"),
        ("Failed", "Failed"),
        ("Stopped", "Stopped"),
        ("MaxRuntimeExceeded", "Stopped"),
        ("MaxWaitTimeExceeded", "Stopped"),
    ],
)
def test_the_last_secondary_status_gives_the_status(secondary, status):
    record = after("Starting", "Training", secondary)
    assert record["TrainingJobStatus"] == status
    assert record["TrainingEndTime"] == record["SecondaryStatusTransitions"][-1]["EndTime"] == 102


def test_a_job_that_is_being_stopped_says_so():
    assert after("Starting", "Training", "Stopping")["TrainingJobStatus"] == "Stopping"


def test_the_training_time_begins_once_although_a_spot_job_trains_twice():
    assert after("Starting", "Training", "Interrupted", "Starting", "Training")["TrainingStartTime"] == 101


def test_the_billable_time_is_one_instances_as_on_aws():
    assert time_used({"TrainingStartTime": 10.0, "TrainingEndTime": 20.4}) == {
        "TrainingTimeInSeconds": 10,
        "BillableTimeInSeconds": 10,
    }
    assert time_used({"TrainingEndTime": 20.4}) == {}


def test_the_failure_file_becomes_the_reason_and_is_cut_at_1024_characters():
    assert failure_reason(1, "There is no picture.") == "AlgorithmError: There is no picture., exit code: 1"
    assert len(failure_reason(1, "x" * 5000)) == 1024


def test_a_container_without_a_failure_file_gives_its_exit_code():
    assert failure_reason(139, None) == "AlgorithmError: , exit code: 139"
    assert "ran out of memory" in failure_reason(137, None, out_of_memory=True)
