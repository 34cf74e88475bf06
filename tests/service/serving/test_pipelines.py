"""Models of several containers: in series, or each by its name."""

import json
import time
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from docker.errors import ImageNotFound

from local_test.host.labels import ENDPOINT, find
from tests.local_service import until
from tests.service.program_image import archive
from tests.service.serving.harness import Load, unique, variant


def in_series(service, *appended, **more):
    """A model whose containers append these texts, one after the other."""
    return service.create_model(Containers=[service.container(APPEND=text, WHO=text) for text in appended], **more)


def direct(service, *names, **more):
    containers = [{**service.container(WHO=name), "ContainerHostname": name} for name in names]
    return service.create_model(Containers=containers, InferenceExecutionConfig={"Mode": "Direct"}, **more)


def containers(service):
    return find(service.platform.engine, ENDPOINT, service.platform.service)


def streams(service, endpoint):
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    return [one["logStreamName"] for one in service.logs.describe_log_streams(logGroupName=group)["logStreams"]]


@pytest.mark.parametrize("config", [{}, {"InferenceExecutionConfig": {"Mode": "Serial"}}])
def test_the_answer_of_each_container_is_the_request_of_the_next(service, config):
    endpoint = service.serve(in_series(service, "one", "two", "three", **config))
    answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"\xff", ContentType="image/jpeg")
    assert answer["Body"].read() == b"\xffonetwothree" and answer["ContentType"] == "text/three"
    assert len(containers(service)) == 3
    described = service.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"][0]
    assert len(described["DeployedImages"]) == 3 and described["CurrentInstanceCount"] == 1


def test_content_types_go_from_container_to_container_and_accept_to_the_last_alone(service):
    middle = service.create_model(Containers=[service.container(APPEND="csv"), service.container()])
    endpoint = service.serve(middle)
    answer = service.runtime.invoke_endpoint(
        EndpointName=endpoint, Body=b"x", ContentType="image/jpeg", Accept="application/json"
    )
    assert (answer["Body"].read(), answer["ContentType"]) == (b"xcsv", "text/csv")
    last = service.serve(service.create_model(Containers=[service.container(), service.container()]))
    first = {"do": "headers_back"}  # the first container answers with what it was sent, the second one echoes that
    answer = service.runtime.invoke_endpoint(
        EndpointName=last, Body=json.dumps(first), ContentType="text/a", Accept="text/b", CustomAttributes="trace=1"
    )
    arrived = json.loads(answer["Body"].read())
    assert arrived["content-type"] == "text/a" and "accept" not in arrived
    assert arrived["x-amzn-sagemaker-custom-attributes"] == "trace=1"


def test_an_error_of_one_container_is_the_endpoints_with_its_name(service):
    endpoint = service.serve(in_series(service, "one", "two"))
    with pytest.raises(ClientError) as error:
        service.ask(endpoint, "status", status=415, body="no such type")
    answer = error.value.response
    assert (answer["Error"]["Code"], answer["OriginalStatusCode"]) == ("ModelError", 415)
    assert 'Received client error (415) from container-1 with message "no such type"' in answer["Error"]["Message"]
    assert answer["LogStreamArn"].endswith("/container-1")
    named = service.create_model(
        Containers=[
            {**service.container(), "ContainerHostname": "features"},
            {**service.container(MOST_BYTES="10"), "ContainerHostname": "regression"},
        ]
    )
    with pytest.raises(ClientError, match=r"client error \(413\) from regression") as error:
        service.runtime.invoke_endpoint(EndpointName=service.serve(named), Body=b"more than ten bytes")
    assert error.value.response["LogStreamArn"].endswith("/regression")


def test_containers_of_an_instance_get_ports_of_their_own(service):
    endpoint = service.serve(direct(service, "a", "b"))
    told = [json.loads(service.ask(endpoint, "environment", TargetContainerHostname=name)) for name in "ab"]
    ports = [int(one["SAGEMAKER_BIND_TO_PORT"]) for one in told]
    ranges = [range(*map(int, one["SAGEMAKER_SAFE_PORT_RANGE"].split("-"))) for one in told]
    assert len(set(ports)) == 2 and 8080 not in ports
    assert all(port not in each for port in ports for each in ranges) and not set(ranges[0]) & set(ranges[1])


def test_each_container_has_a_log_stream_of_its_own(service):
    endpoint = service.serve(in_series(service, "one", "two"))
    found = until(lambda: len(names := streams(service, endpoint)) == 2 and names)
    assert sorted(name.rpartition("/")[2] for name in found) == ["container-1", "container-2"]
    assert len({name.rpartition("/")[0] for name in found}) == 1


def test_one_container_that_does_not_start_takes_the_others_along_and_is_named(service):
    model = service.create_model(Containers=[service.container(), service.container(EXIT_AT_START="5")])
    failed = service.settled(service.create(service.create_config(variant(model))))
    assert failed["EndpointStatus"] == "Failed"
    assert "Production variant AllTraffic: Container container-2: " in failed["FailureReason"]
    assert "exit status 5" in failed["FailureReason"] and containers(service) == []


def test_a_container_that_ends_in_service_is_named(service):
    endpoint = service.serve(direct(service, "a", "b"))
    with pytest.raises(ClientError, match="exit status 9"):
        service.ask(endpoint, "exit", status=9, TargetContainerHostname="b")
    until(lambda: service.status(endpoint) == "Failed")
    reason = service.sagemaker.describe_endpoint(EndpointName=endpoint)["FailureReason"]
    assert "Container b: The container ended with exit status 9" in reason and "leaving now" in reason


def test_an_isolated_pipeline_answers_and_reaches_nothing(service):
    outside = service.deploy()
    [other] = containers(service)
    other.reload()
    [address] = [one["IPAddress"] for one in other.attrs["NetworkSettings"]["Networks"].values()]
    endpoint = service.serve(direct(service, "a", "b", EnableNetworkIsolation=True))
    for name in "ab":
        assert "no way" in service.ask(endpoint, "connect", host=address, port=8080, TargetContainerHostname=name)
    assert service.who(outside) == ""


def test_direct_invocation_runs_the_named_container_alone(service):
    endpoint = service.serve(direct(service, "first", "second"))
    assert service.who(endpoint, TargetContainerHostname="first") == "first"
    assert service.who(endpoint, TargetContainerHostname="second") == "second"
    streamed = service.runtime.invoke_endpoint_with_response_stream(
        EndpointName=endpoint,
        Body=json.dumps({"do": "stream", "parts": ["a", "b"]}),
        TargetContainerHostname="second",
    )
    assert [event["PayloadPart"]["Bytes"] for event in streamed["Body"]] == [b"a", b"b"]
    for options, words in (
        ({}, "is missing a target container hostname header"),
        ({"TargetContainerHostname": "third"}, "has no container third; it has first, second"),
    ):
        with pytest.raises(ClientError, match=words) as error:
            service.who(endpoint, **options)
        assert error.value.response["Error"]["Code"] == "ValidationError"


def test_the_last_container_of_a_pipeline_may_stream(service):
    endpoint = service.serve(service.create_model(Containers=[service.container(), service.container()]))
    body = json.dumps({"do": "headers_back"})
    streamed = service.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=body)
    assert "content-length" in b"".join(event["PayloadPart"]["Bytes"] for event in streamed["Body"]).decode()
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    until(lambda: instance.outstanding == 0)


def test_captured_requests_are_those_at_the_ends_of_the_pipeline(service, bucket):
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/a", "text/two"]},
    }
    endpoint = service.serve(in_series(service, "one", "two"), DataCaptureConfig=capture)
    service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x", ContentType="text/a")
    [key] = until(
        lambda: [one["Key"] for one in service.s3.list_objects_v2(Bucket=bucket).get("Contents", [])], seconds=30
    )
    captured = json.loads(service.s3.get_object(Bucket=bucket, Key=key)["Body"].read())["captureData"]
    assert (captured["endpointInput"]["data"], captured["endpointOutput"]["data"]) == ("x", "xonetwo")


def test_an_asynchronous_pipeline(service, bucket):
    output = {"S3OutputPath": f"s3://{bucket}/out"}
    endpoint = service.serve(in_series(service, "one", "two"), AsyncInferenceConfig={"OutputConfig": output})
    service.s3.put_object(Bucket=bucket, Key="in", Body=b"x")
    service.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/in")
    found = until(lambda: service.s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents"))
    assert service.s3.get_object(Bucket=bucket, Key=found[0]["Key"])["Body"].read() == b"xonetwo"


def test_cloudwatch_tells_the_latency_of_each_container(service):
    endpoint = service.serve(in_series(service, "one", "two"))
    service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")

    def counted(container):
        now = time.time()
        points = service.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="ContainerLatency",
            Dimensions=[
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": "AllTraffic"},
                {"Name": "ContainerName", "Value": container},
            ],
            StartTime=now - 600,
            EndTime=now + 60,
            Period=60,
            Statistics=["SampleCount"],
        )["Datapoints"]
        return sum(point["SampleCount"] for point in points)

    until(lambda: [counted(name) for name in ("container-1", "container-2")] == [1, 1])


def test_no_request_fails_while_a_pipeline_is_exchanged_for_another(service):
    endpoint = service.serve(in_series(service, "a", "b"))
    ask = lambda: service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")["Body"].read()  # noqa: E731
    with Load(ask) as load:
        until(lambda: len(load.answers) > 20)
        service.sagemaker.update_endpoint(
            EndpointName=endpoint, EndpointConfigName=service.create_config(variant(in_series(service, "c", "d", "e")))
        )
        service.in_service(endpoint)
        before = len(load.answers)
        until(lambda: len(load.answers) > before + 20)
    assert set(load.answers) == {b"xab", b"xcde"} and len(containers(service)) == 3


def test_fifteen_containers_in_series(service, bucket):
    service.s3.put_object(Bucket=bucket, Key="m.tar.gz", Body=archive({"a": b"a"}, "w:gz"))
    made = [
        {**service.container(APPEND=chr(ord("a") + number)), "ModelDataUrl": f"s3://{bucket}/m.tar.gz"}
        for number in range(15)
    ]
    endpoint = service.serve(service.create_model(Containers=made))
    answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"")
    assert answer["Body"].read() == b"abcdefghijklmno"
    assert len(list((service.platform.folder / "endpoint-models").iterdir())) == 1  # one folder for all


def test_an_image_that_does_not_say_that_it_takes_its_port_is_refused(service, engine):
    tag = f"local-sagemaker-test-plain:{unique('tag')}"
    made = engine.containers.create(service.image, ["serve"])
    try:
        # As an image that somebody made without the label: a commit may change the value, not take the label away.
        made.commit(*tag.split(":"), changes=["LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=false"])
        container = {"Image": tag}
        words = f"{tag} does not contain required com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true"
        with pytest.raises(ClientError, match=words):
            service.create_model(Containers=[container, container])
        service.create_model(Containers=[container])  # alone it has 8080
    finally:
        made.remove(force=True)
        with suppress(ImageNotFound):
            engine.images.remove(tag)
