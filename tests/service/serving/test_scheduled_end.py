"""An endpoint that a schedule ends: it is gone at that time although nobody asks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from local_test.host.labels import find
from tests.local_service import until
from tests.service.serving.harness import unique

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def endpoints_are_deleted():
    """The service is shared with other tests; the test deletes what it made."""


def test_an_endpoint_with_an_end_is_deleted_by_the_service_itself(local, image, engine):
    sagemaker, scheduler, iam = (local.client(name) for name in ("sagemaker", "scheduler", "iam"))
    name = unique("ends")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=local.address.role, PrimaryContainer={"Image": image, "Environment": {}}
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.g4dn.xlarge",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    scheduler.create_schedule(
        Name=name,
        ScheduleExpression=f"at({datetime.now(UTC) + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint",
            "RoleArn": role,
            "Input": json.dumps({"EndpointName": name}),
        },
    )

    until(lambda: name not in [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]])
    until(lambda: scheduler.list_schedules(NamePrefix=name)["Schedules"] == [])
    containers = find(engine, service=local.address.name)
    assert [one for one in containers if one.labels["local-sagemaker.name"] == name] == []
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)
    iam.delete_role(RoleName=name)
