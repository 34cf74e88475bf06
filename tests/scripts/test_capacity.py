"""What is said where AWS has no instance to give."""

import pytest

from scripts.aws.jobs import TRAINING, TRANSFORM, failure_of
from scripts.console.diagnosis import capacity_step

JOB = "CapacityError: Unable to provision requested ML compute capacity. Retry using a different ML instance type."
ENDPOINT = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."


@pytest.mark.parametrize("reason", [JOB, ENDPOINT])
def test_a_lack_of_instances_names_the_setting_for_more_types(reason):
    assert "name other types in deploy.instance-types" in capacity_step(reason, "deploy.instance-types")


def test_another_reason_has_no_such_step():
    assert capacity_step("AlgorithmError: , exit code: 1", "train.instance-types") == ""


@pytest.mark.parametrize(
    ("kind", "setting"), [(TRAINING, "train.instance-types"), (TRANSFORM, "transform.instance-type")]
)
def test_a_job_that_got_no_instance_ends_with_the_next_step(kind, setting):
    ended = {f"{kind.noun}Name": "job", f"{kind.noun}Status": "Failed", "FailureReason": JOB}
    said = f"a different ML instance type. AWS has no such instance to give now: name other types in {setting},"
    assert said in failure_of(ended, kind)
