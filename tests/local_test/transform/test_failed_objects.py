"""FailureReason and the data log of objects that failed."""

from pathlib import Path

from local_test.transform.invocations import InvocationFailed
from local_test.transform.job_objects import InputObject, ObjectOutput, data_log_lines, failure_of_objects


def outputs(*failures):
    made = [
        ObjectOutput(InputObject(number, f"s3://b/in/{number}.csv", Path(), ""), Path("/nowhere"), False)
        for number in range(len(failures))
    ]
    for one, failure in zip(made, failures, strict=True):
        if failure:
            one.fail(*failure)
    return made


def test_a_job_without_failures_has_no_reason():
    assert failure_of_objects(outputs(None, None), "/group", "job") is None


def test_the_reason_names_the_first_failed_object_what_it_was_and_where_to_look():
    failed = outputs(None, ('the container answered 400 to record 3: "bad".', True), ("other", False))
    reason = failure_of_objects(failed, "/group", "job")
    assert reason == (
        'ClientError: s3://b/in/1.csv: the container answered 400 to record 3: "bad". 2 of 3 objects failed. '
        "See job logs for more information: /group, streams job/*."
    )
    assert failure_of_objects(outputs(("down", False)), "/group", "job").startswith(
        "AlgorithmError: s3://b/in/0.csv: down"
    )


def test_a_reason_is_no_longer_than_the_api_allows_and_keeps_its_end():
    reason = failure_of_objects(outputs(("x" * 3000, True)), "/group", "job")
    assert len(reason) <= 1024 and reason.endswith("streams job/*.")


def test_the_data_log_is_written_as_the_platform_writes_it():
    (one,) = outputs(("told", True))
    assert data_log_lines(one, InvocationFailed(400, "first\nsecond")) == [
        "b/in/0.csv: ClientError: 400",
        "b/in/0.csv: ",
        "b/in/0.csv: Message:",
        "b/in/0.csv: first",
        "b/in/0.csv: second",
    ]
    assert data_log_lines(one, None) == ["b/in/0.csv: ClientError: told"]
