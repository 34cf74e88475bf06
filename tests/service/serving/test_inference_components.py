"""Inference components: models that come to an endpoint in service, in as many copies as are asked for, or in none."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.local_service import until
from tests.service.serving.components import copies, create, delete, host_of, in_service, scale, settled


@pytest.fixture
def host(service):
    """An endpoint in service that hosts components; what is on it goes with it."""
    name = host_of(service)
    yield name
    for one in service.sagemaker.list_inference_components(EndpointNameEquals=name)["InferenceComponents"]:
        delete(service, one["InferenceComponentName"])


def test_a_component_answers_by_its_name_beside_another(service, host):
    one, two = create(service, host, {"WHO": "one"}), create(service, host, {"WHO": "two"})
    for name, who in ((one, "one"), (two, "two")):
        in_service(service, name)
        assert service.who(host, InferenceComponentName=name) == who
        assert len(copies(service, name)) == 1
    with pytest.raises(ClientError, match="Inference Component Name header is required") as error:
        service.who(host)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="Inference Component nowhere was not found"):
        service.who(host, InferenceComponentName="nowhere")
    stream = service.runtime.invoke_endpoint_with_response_stream(
        EndpointName=host, Body=b"as it comes", InferenceComponentName=one
    )
    assert b"".join(part["PayloadPart"]["Bytes"] for part in stream["Body"]) == b"as it comes"


def test_two_copies_share_the_requests_and_one_of_them_goes(service, host):
    name = in_service(service, create(service, host, copies=2))
    hosts = {json.loads(service.ask(host, "who", InferenceComponentName=name))["host"] for _ in range(40)}
    assert len(hosts) == 2
    assert service.sagemaker.describe_endpoint(EndpointName=host)["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    runtime = scale(service, name, 1)["RuntimeConfig"]
    assert runtime == {"DesiredCopyCount": 1, "CurrentCopyCount": 1} and len(copies(service, name)) == 1
    assert service.who(host, InferenceComponentName=name) == ""


def test_without_a_copy_there_is_no_container_and_the_next_copy_answers(service, host):
    name = in_service(service, create(service, host, {"WHO": "woken"}))
    asleep = scale(service, name, 0)
    assert (asleep["InferenceComponentStatus"], asleep["RuntimeConfig"]["CurrentCopyCount"]) == ("InService", 0)
    assert copies(service, name) == []
    assert service.sagemaker.describe_endpoint(EndpointName=host)["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    with pytest.raises(ClientError, match="Inference Component has no capacity to process this request") as error:
        service.who(host, InferenceComponentName=name)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    until(lambda: refused_for_capacity(service, name) == 1)
    scale(service, name, 1)
    assert service.who(host, InferenceComponentName=name) == "woken"


def refused_for_capacity(service, name: str) -> float:
    now = time.time()
    points = service.cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="NoCapacityInvocationFailures",
        Dimensions=[{"Name": "InferenceComponentName", "Value": name}],
        StartTime=now - 600,
        EndTime=now + 60,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_an_update_brings_another_model_and_one_that_does_not_start_leaves_the_old_one(service, host):
    name = in_service(service, create(service, host, {"WHO": "old"}))
    for environment, who in (({"WHO": "new"}, "new"), ({"EXIT_AT_START": "5"}, "new")):
        model = service.create_model(environment)
        service.sagemaker.update_inference_component(InferenceComponentName=name, Specification={"ModelName": model})
        described = settled(service, name)
        assert described["InferenceComponentStatus"] == "InService"
        assert (described["Specification"]["ModelName"] == model) == ("FailureReason" not in described)
        assert service.who(host, InferenceComponentName=name) == who
    assert "exit status 5" in described["FailureReason"] and len(copies(service, name)) == 1


def test_a_container_that_ends_fails_the_component_and_only_it(service, host):
    bad = create(service, host, {"EXIT_AT_START": "7"})
    failed = settled(service, bad)
    assert failed["InferenceComponentStatus"] == "Failed" and "exit status 7" in failed["FailureReason"]
    assert failed["RuntimeConfig"]["CurrentCopyCount"] == 0 and copies(service, bad) == []
    steady = in_service(service, create(service, host, {"WHO": "steady"}))
    dying = in_service(service, create(service, host))
    with pytest.raises(ClientError) as error:
        service.ask(host, "exit", status=9, InferenceComponentName=dying)
    response = error.value.response
    assert response["Error"]["Code"] == "ModelError" and "exit status 9" in response["OriginalMessage"]
    assert f"/aws/sagemaker/InferenceComponents/{dying}" in response["LogStreamArn"]
    until(lambda: settled(service, dying)["InferenceComponentStatus"] == "Failed")
    assert service.who(host, InferenceComponentName=steady) == "steady"
    service.sagemaker.update_inference_component(InferenceComponentName=dying)  # all copies anew
    in_service(service, dying)


def test_a_component_has_the_endpoints_isolation_and_a_log_group_of_its_own(service):
    host = host_of(service, EnableNetworkIsolation=True)
    name = in_service(service, create(service, host, {"WHO": "alone"}))
    assert json.loads(service.ask(host, "environment", InferenceComponentName=name)).get("AWS_REGION") is None
    assert copies(service, name)[0].attrs["HostConfig"]["NetworkMode"].startswith("container:")
    streams = service.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/InferenceComponents/{name}")["logStreams"]
    assert any(one["logStreamName"].startswith("AllTraffic/") for one in streams)
    [event] = service.logs.filter_log_events(
        logGroupName=f"/aws/sagemaker/Endpoints/{host}", logStreamNames=["platform"]
    )["events"]
    assert "ProductionVariants[].ManagedInstanceScaling" in event["message"]
    delete(service, name)


def test_a_program_in_a_copy_is_the_role_of_the_endpoint(service, host):
    name = in_service(service, create(service, host))
    environment = json.loads(service.ask(host, "environment", InferenceComponentName=name))
    assert environment["AWS_REGION"] == service.platform.region and environment["AWS_SESSION_TOKEN"]


def test_an_endpoint_is_not_deleted_while_it_hosts_components(service, host):
    name = in_service(service, create(service, host))
    with pytest.raises(ClientError, match=f"while it hosts inference components. Delete them first: {name}"):
        service.sagemaker.delete_endpoint(EndpointName=host)
    delete(service, name)
    assert copies(service, name) == []
