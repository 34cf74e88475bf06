"""Serving in the whole service, a process of its own, as a user's boto3 meets it."""

import json
import os
import random
import signal

import pytest
from botocore.exceptions import ClientError

from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.folder_lock import is_held
from local_test.host.labels import find
from tests.local_service import Local, until
from tests.service.serving.harness import unique

PICTURE = b"\xff\xd8\xff" + random.Random(2).randbytes(50_000)


@pytest.fixture
def endpoints_are_deleted():
    """The service is shared with other tests; the test deletes what it made."""


def test_an_endpoint_lives_from_its_creation_to_its_deletion(local, image, engine):
    sagemaker, runtime = local.client("sagemaker"), local.client("sagemaker-runtime")
    name = unique("whole")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=local.address.role,
        PrimaryContainer={"Image": image, "Environment": {"WHO": "through"}},
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
        "ManagedInstanceScaling": {"Status": "ENABLED"},
    }
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": local.uri("captured"),
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=capture)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    answer = runtime.invoke_endpoint(EndpointName=name, Body=PICTURE, ContentType="image/jpeg")
    assert answer["Body"].read() == PICTURE
    with pytest.raises(ClientError) as error:
        runtime.invoke_endpoint(EndpointName=name, Body=json.dumps({"do": "status", "status": 415, "body": "no"}))
    assert error.value.response["Error"]["Code"] == "ModelError" and error.value.response["OriginalStatusCode"] == 415
    streamed = runtime.invoke_endpoint_with_response_stream(
        EndpointName=name, Body=json.dumps({"do": "stream", "parts": ["a", "b"]})
    )
    assert [event["PayloadPart"]["Bytes"] for event in streamed["Body"]] == [b"a", b"b"]
    assert until(lambda: local.keys(f"captured/{name}/AllTraffic/"))
    assert until(lambda: "serve of through starts" in local.log(f"/aws/sagemaker/Endpoints/{name}", "AllTraffic/"))
    assert local.log(f"/aws/sagemaker/Endpoints/{name}", "platform").endswith(
        ": ProductionVariants[].ManagedInstanceScaling."
    )

    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)
    assert [one for one in find(engine, service=local.address.name) if one.labels["local-sagemaker.name"] == name] == []


def test_a_killed_service_comes_back_without_the_containers_and_says_that_the_endpoint_has_failed(
    tmp_path, image, engine
):
    local = Local(tmp_path / "state")
    try:
        sagemaker = local.client("sagemaker")
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=local.address.role, PrimaryContainer={"Image": image})
        variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
        until(lambda: sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService")
        os.kill(local.address.pid, signal.SIGKILL)
        until(lambda: not is_held(local.folder))
        assert len(find(engine, service=local.address.name)) == 1

        again = Local(local.folder)
        assert find(engine, service=local.address.name) == []
        described = again.client("sagemaker").describe_endpoint(EndpointName="e")
        assert described["EndpointStatus"] == "Failed" and "was restarted" in described["FailureReason"]
    finally:
        stop(local.folder)
        remove_all(engine, local.address.name)
