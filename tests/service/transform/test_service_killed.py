"""Transform jobs through boto3, and what a service that was killed says of them when it comes back."""

import os
import signal

import pytest

from local_test.background import stop
from local_test.host.folder_lock import is_held
from local_test.host.labels import TRANSFORM, find
from tests.local_service import Local, until


@pytest.fixture
def own(tmp_path):
    """A service that a test may kill."""
    service = Local(tmp_path / "state")
    yield service
    stop(service.folder)


def create(service, name, key):
    service.client("sagemaker").create_transform_job(
        TransformJobName=name,
        ModelName="model",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": service.uri(f"in/{key}")}}},
        TransformOutput={"S3OutputPath": service.uri("out")},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )


def test_a_killed_service_keeps_what_was_done_and_says_that_what_ran_has_failed(own, engine, image):
    sagemaker = own.client("sagemaker")
    sagemaker.create_model(ModelName="model", ExecutionRoleArn=own.address.role, PrimaryContainer={"Image": image})
    own.put("in/done", b"fine")
    own.put("in/running", b"hang")
    create(own, "done", "done")
    sagemaker.get_waiter("transform_job_completed_or_stopped").wait(
        TransformJobName="done", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    create(own, "running", "running")
    until(lambda: own.keys("out/") == ["out/done.out"] and find(engine, TRANSFORM, own.address.name))
    os.kill(own.address.pid, signal.SIGKILL)
    until(lambda: not is_held(own.folder))

    back = Local(own.folder)
    assert find(engine, TRANSFORM, back.address.name) == []
    described = back.client("sagemaker").describe_transform_job
    assert described(TransformJobName="done")["TransformJobStatus"] == "Completed"
    running = described(TransformJobName="running")
    assert (
        running["TransformJobStatus"] == "Failed"
        and "The local SageMaker ended while the job ran" in running["FailureReason"]
    )
    assert running["TransformEndTime"] >= running["TransformStartTime"]
    assert back.keys("out/") == ["out/done.out"] and back.read("out/done.out") == b"fine"
    create(back, "anew", "done")
    until(lambda: described(TransformJobName="anew")["TransformJobStatus"] == "Completed")
