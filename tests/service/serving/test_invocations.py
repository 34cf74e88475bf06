"""InvokeEndpoint and its siblings through boto3, against real containers."""

import base64
import json
import random
import select
import threading
import time

import pytest
from botocore.exceptions import ClientError, EventStreamError

from local_test.serving.async_invocations import NO_ANSWER
from tests.local_service import until
from tests.service.serving.harness import variant

JPEG_LIKE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(1).randbytes(200_000) + b"\r\n\r\n\x00\xff\xd9"


def objects(service, bucket, prefix=""):
    found = service.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {one["Key"]: service.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}


def key(uri, bucket):
    return uri.removeprefix(f"s3://{bucket}/")


@pytest.fixture
def asynchronous(service, bucket):
    """Deploy an asynchronous endpoint that writes into the bucket."""

    def deploy(environment=None, **client):
        output = {"S3OutputPath": f"s3://{bucket}/out", "S3FailurePath": f"s3://{bucket}/failed"}
        return service.deploy(environment, AsyncInferenceConfig={"ClientConfig": client, "OutputConfig": output})

    return deploy


def test_a_binary_body_comes_and_goes_byte_for_byte(service):
    endpoint = service.deploy()
    answer = service.runtime.invoke_endpoint(EndpointName=endpoint, Body=JPEG_LIKE, ContentType="image/jpeg")
    assert answer["Body"].read() == JPEG_LIKE
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("image/jpeg", "AllTraffic")
    assert service.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"")["Body"].read() == b""


def test_headers_go_both_ways(service):
    answer = service.runtime.invoke_endpoint(
        EndpointName=service.deploy(),
        Body=json.dumps({"do": "headers_back"}),
        ContentType="application/json",
        Accept="text/csv",
        CustomAttributes="trace=1",
        InferenceId="id-1",
        SessionId="session-1",
    )
    arrived = json.loads(answer["Body"].read())
    assert (arrived["content-type"], arrived["accept"]) == ("application/json", "text/csv")
    assert (
        arrived["x-amzn-sagemaker-custom-attributes"] == "trace=1"
        and arrived["x-amzn-sagemaker-inference-id"] == "id-1"
    )
    assert arrived["x-amzn-sagemaker-session-id"] == "session-1"
    assert answer["CustomAttributes"] == "from the model"


@pytest.mark.parametrize(
    ("status", "words"), [(400, "client error (400)"), (415, "client error (415)"), (500, "server error (500)")]
)
def test_an_error_of_the_container_is_a_model_error(service, status, words):
    endpoint = service.deploy()
    with pytest.raises(ClientError) as error:
        service.ask(endpoint, "status", status=status, body="no such class")
    answer = error.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ModelError", 424)
    assert (answer["OriginalStatusCode"], answer["OriginalMessage"]) == (status, "no such class")
    assert f'Received {words} from primary with message "no such class"' in answer["Error"]["Message"]
    assert f"/aws/sagemaker/Endpoints/{endpoint}:log-stream:AllTraffic/i-" in answer["LogStreamArn"]
    assert service.who(endpoint) == ""


def test_a_body_above_25_megabytes_is_refused_and_one_below_is_not(service):
    endpoint = service.deploy()
    body = bytes(25 * 1024 * 1024)
    assert service.runtime.invoke_endpoint(EndpointName=endpoint, Body=body)["Body"].read() == body
    with pytest.raises(ClientError, match="length less than or equal to 26214400") as error:
        service.runtime.invoke_endpoint(EndpointName=endpoint, Body=body + b"1")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert service.who(endpoint) == ""


def test_an_answer_that_comes_before_the_body_is_read_is_passed_on(service):
    endpoint = service.deploy({"MOST_BYTES": "1000"})
    for _ in range(3):
        with pytest.raises(ClientError) as error:
            service.runtime.invoke_endpoint(EndpointName=endpoint, Body=bytes(5_000_000))
        assert (error.value.response["OriginalStatusCode"], error.value.response["OriginalMessage"]) == (
            413,
            "too large",
        )
    assert service.who(endpoint) == ""


def test_an_unknown_endpoint_is_a_validation_error(service):
    with pytest.raises(ClientError, match="Endpoint nowhere of account 123456789012 not found") as error:
        service.who("nowhere")
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_what_the_endpoint_does_not_have_is_refused(service):
    endpoint = service.deploy()
    with pytest.raises(ClientError, match="is not a multi-model endpoint and does not support target model header"):
        service.who(endpoint, TargetModel="a.tar.gz")
    with pytest.raises(ClientError, match="is not configured for direct invocation"):
        service.who(endpoint, TargetContainerHostname="first")
    with pytest.raises(ClientError, match="does not support X-Amzn-SageMaker-Inference-Component") as error:
        service.who(endpoint, InferenceComponentName="part")
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_session_stays_with_the_instance_that_opened_it(service):
    endpoint = service.in_service(service.create(service.create_config(variant(service.create_model(), count=2))))
    opened = service.runtime.invoke_endpoint(
        EndpointName=endpoint, Body=json.dumps({"do": "open_session"}), SessionId="NEW_SESSION"
    )
    session = opened["NewSessionId"].partition(";")[0]
    assert {json.loads(service.ask(endpoint, "who", SessionId=session))["host"] for _ in range(20)} == {
        opened["Body"].read().decode()
    }


def test_a_connection_that_the_container_closed_is_no_error(service):
    endpoint = service.deploy({"IDLE_SECONDS": "0.2"})
    for _ in range(3):
        assert service.who(endpoint) == ""
        [instance] = service.endpoints.live(endpoint).router.current.instances()
        [kept] = instance._started[0].stage.client._idle
        # Readable though nothing was asked: its other end is closed.
        until(lambda: select.select([kept.sock], [], [], 0)[0])


def test_a_stream_arrives_part_by_part(service):
    endpoint = service.deploy()
    body = json.dumps({"do": "stream", "parts": ["one ", "two ", "three"], "seconds": 0.5})
    started = time.monotonic()
    answer = service.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=body, Accept="text/plain")
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/plain", "AllTraffic")
    came = [(event["PayloadPart"]["Bytes"], time.monotonic() - started) for event in answer["Body"]]
    assert [part for part, _ in came] == [b"one ", b"two ", b"three"]
    assert came[0][1] + 0.7 < came[2][1]
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    until(lambda: instance.outstanding == 0)


def test_a_caller_who_leaves_a_stream_leaves_nothing_under_way(service):
    endpoint = service.deploy()
    body = json.dumps({"do": "stream", "parts": ["part"] * 200, "seconds": 0.05})
    answer = service.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=body)
    assert next(iter(answer["Body"]))["PayloadPart"]["Bytes"] == b"part"
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    assert instance.outstanding == 1
    answer["Body"].close()
    until(lambda: instance.outstanding == 0, 5)


def test_a_stream_that_breaks_off_is_a_model_stream_error(service):
    endpoint = service.deploy()
    body = json.dumps({"do": "stream", "parts": ["one "], "break": True})
    answer = service.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=body)
    events = iter(answer["Body"])
    assert next(events)["PayloadPart"]["Bytes"] == b"one "
    with pytest.raises(EventStreamError, match="ModelStreamError"):
        next(events)
    answer["Body"].close()
    [instance] = service.endpoints.live(endpoint).router.current.instances()
    until(lambda: instance.outstanding == 0)


def test_an_error_before_the_stream_is_a_model_error(service):
    endpoint, body = service.deploy(), json.dumps({"do": "status", "status": 503})
    with pytest.raises(ClientError) as error:
        service.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=body)
    assert error.value.response["Error"]["Code"] == "ModelError" and error.value.response["OriginalStatusCode"] == 503


def test_an_asynchronous_answer_becomes_an_object(service, bucket, asynchronous):
    endpoint = asynchronous()
    service.s3.put_object(Bucket=bucket, Key="in.jpg", Body=JPEG_LIKE)
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/in.jpg", ContentType="image/jpeg", InferenceId="mine"
    )
    assert accepted["ResponseMetadata"]["HTTPStatusCode"] == 202 and accepted["InferenceId"] == "mine"
    assert accepted["FailureLocation"].startswith(f"s3://{bucket}/failed/")
    output = key(accepted["OutputLocation"], bucket)
    assert output.startswith("out/")
    assert until(lambda: objects(service, bucket, "out/")) == {output: JPEG_LIKE}
    assert service.s3.head_object(Bucket=bucket, Key=output)["ContentType"] == "image/jpeg"
    with pytest.raises(ClientError, match="InvokeEndpointAsync only"):
        service.who(endpoint)


@pytest.mark.parametrize(
    ("stored", "asked", "arrives"),
    [
        ({"ContentType": "image/png"}, {}, "image/png"),
        ({"ContentType": "image/png"}, {"ContentType": "image/jpeg"}, "image/jpeg"),
        ({}, {}, "binary/octet-stream"),  # S3's own for an object of which nobody says it
    ],
)
def test_an_asynchronous_container_gets_the_content_type_of_the_object(
    service, bucket, asynchronous, stored, asked, arrives
):
    service.s3.put_object(Bucket=bucket, Key="in", Body=JPEG_LIKE, **stored)
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=asynchronous(), InputLocation=f"s3://{bucket}/in", **asked
    )
    until(lambda: objects(service, bucket, "out/"))
    answer = service.s3.head_object(Bucket=bucket, Key=key(accepted["OutputLocation"], bucket))
    assert answer["ContentType"] == arrives


def test_asynchronous_answers_and_captured_requests_go_into_folders_of_this_machine(service, tmp_path):
    output = {"S3OutputPath": (tmp_path / "out#1").as_uri(), "S3FailurePath": (tmp_path / "failed").as_uri()}
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": (tmp_path / "captured#1").as_uri(),
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    endpoint = service.deploy(AsyncInferenceConfig={"OutputConfig": output}, DataCaptureConfig=capture)
    accepted = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, Body=b"body", S3OutputPathExtension="a(1)/b", Filename="c.out"
    )
    assert accepted["OutputLocation"] == (tmp_path / "out#1").as_uri() + "/a%281%29/b/c.out"
    assert until(lambda: [path.read_bytes() for path in tmp_path.glob("out#1/a(1)/b/c.out")]) == [b"body"]
    until(lambda: list(tmp_path.glob(f"captured#1/{endpoint}/AllTraffic/*/*/*/*/*.jsonl")))
    odd = service.runtime.invoke_endpoint_async(EndpointName=endpoint, Body=b"body", S3OutputPathExtension="a//b")
    told = until(lambda: [path.read_text() for path in tmp_path.glob("failed/*-error.out")])
    assert (
        odd["FailureLocation"].startswith((tmp_path / "failed").as_uri() + "/")
        and "cannot be the name of a file" in told[0]
    )


@pytest.mark.parametrize("input", ["fails", "missing"])
def test_an_asynchronous_failure_becomes_an_object_of_its_own(service, bucket, asynchronous, input):
    endpoint = asynchronous()
    service.s3.put_object(
        Bucket=bucket, Key="fails", Body=json.dumps({"do": "status", "status": 400, "body": "no picture"}).encode()
    )
    accepted = service.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/{input}")
    failure = key(accepted["FailureLocation"], bucket)
    told = until(lambda: objects(service, bucket, "failed/"))[failure].decode()
    assert (
        ("client error (400)" in told and "no picture" in told)
        if input == "fails"
        else f"s3://{bucket}/missing" in told
    )
    assert objects(service, bucket, "out/") == {}


def test_an_asynchronous_request_whose_time_is_over_is_not_begun(service, bucket, asynchronous, monkeypatch):
    endpoint = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    for name, body in (("slow", {"do": "sleep", "seconds": 2}), ("late", {"do": "who"})):
        service.s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(body).encode())
    first = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/slow", RequestTTLSeconds=60
    )
    late = service.runtime.invoke_endpoint_async(
        EndpointName=endpoint, InputLocation=f"s3://{bucket}/late", RequestTTLSeconds=60
    )
    until(lambda: any(one.outstanding for one in service.endpoints.live(endpoint).router.current.instances()))
    # An hour passes for the queue while the first one is under way.
    monkeypatch.setattr(service.runtime_app._asynchronous, "_clock", lambda: time.time() + 3600)
    told = until(lambda: objects(service, bucket, "failed/"))
    assert told == {
        key(late["FailureLocation"], bucket): b"The request waited longer than its RequestTTLSeconds of 60."
    }
    assert set(objects(service, bucket, "out/")) == {key(first["OutputLocation"], bucket)}


def test_asynchronous_requests_of_a_deleted_endpoint_fail(service, bucket, asynchronous):
    endpoint = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    service.s3.put_object(Bucket=bucket, Key="slow", Body=json.dumps({"do": "sleep", "seconds": 60}).encode())
    for _ in range(2):
        service.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{bucket}/slow")
    until(lambda: any(one.outstanding for one in service.endpoints.live(endpoint).router.current.instances()))
    service.sagemaker.delete_endpoint(EndpointName=endpoint)
    told = until(lambda: len(found := objects(service, bucket, "failed/")) == 2 and found)
    assert set(told.values()) == {f"The endpoint was deleted. {NO_ANSWER}".encode()}


def test_asynchronous_requests_of_a_new_endpoint_do_not_wait_behind_those_of_a_deleted_one(
    service, bucket, asynchronous
):
    old = asynchronous(MaxConcurrentInvocationsPerInstance=1)
    config = service.sagemaker.describe_endpoint(EndpointName=old)["EndpointConfigName"]
    for name, body in (("slow", {"do": "sleep", "seconds": 60}), ("quick", {"do": "who"})):
        service.s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(body).encode())
    told, writing = threading.Event(), service.runtime_app._asynchronous._tell_failure

    def slowly(*arguments):
        told.wait(10)  # the old endpoint's queue is still there when the new endpoint is
        writing(*arguments)

    service.runtime_app._asynchronous._tell_failure = slowly
    try:
        for _ in range(2):
            service.runtime.invoke_endpoint_async(EndpointName=old, InputLocation=f"s3://{bucket}/slow")
        until(lambda: any(one.outstanding for one in service.endpoints.live(old).router.current.instances()))
        service.sagemaker.delete_endpoint(EndpointName=old)
        until(lambda: not service.sagemaker.list_endpoints()["Endpoints"])
        service.sagemaker.create_endpoint(EndpointName=old, EndpointConfigName=config)
        service.in_service(old)
        service.runtime.invoke_endpoint_async(EndpointName=old, InputLocation=f"s3://{bucket}/quick")
        until(lambda: objects(service, bucket, "out/"), 5)
    finally:
        told.set()
        del service.runtime_app._asynchronous._tell_failure
    until(lambda: len(objects(service, bucket, "failed/")) == 2)


@pytest.mark.parametrize("where", [{"Filename": "../a"}, {"Filename": "a.b.c"}, {"S3OutputPathExtension": "a/../../b"}])
def test_an_asynchronous_answer_stays_below_the_output_path(service, asynchronous, where):
    with pytest.raises(ClientError, match=f"{next(iter(where))} must satisfy") as error:
        service.runtime.invoke_endpoint_async(EndpointName=asynchronous(), Body=b"x", **where)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_captured_requests_are_json_lines_in_s3(service, bucket):
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    endpoint = service.deploy(DataCaptureConfig=capture)
    for body, content_type in ((b'{"a": 1}', "application/json"), (JPEG_LIKE, "image/jpeg")):
        service.runtime.invoke_endpoint(EndpointName=endpoint, Body=body, ContentType=content_type, InferenceId="id-1")

    def read():
        return [
            json.loads(line) for text in objects(service, bucket, "captured/").values() for line in text.splitlines()
        ]

    first, second = sorted(until(lambda: len(found := read()) == 2 and found), key=lambda one: len(str(one)))
    captured = {"observedContentType": "application/json", "mode": "INPUT", "data": '{"a": 1}', "encoding": "JSON"}
    assert first["captureData"]["endpointInput"] == captured
    assert first["eventMetadata"]["inferenceId"] == "id-1" and first["eventVersion"] == "0"
    assert second["captureData"]["endpointOutput"]["encoding"] == "BASE64"
    assert base64.b64decode(second["captureData"]["endpointOutput"]["data"]) == JPEG_LIKE
    [name, *_] = objects(service, bucket, "captured/")
    assert name.startswith(f"captured/{endpoint}/AllTraffic/{time.strftime('%Y/%m/%d', time.gmtime())}/")
    described = service.sagemaker.describe_endpoint(EndpointName=endpoint)["DataCaptureConfig"]
    assert (described["CaptureStatus"], described["CurrentSamplingPercentage"]) == ("Started", 100)


def test_cloudwatch_counts_the_invocations(service):
    endpoint = service.deploy()
    for _ in range(3):
        service.who(endpoint)
    with pytest.raises(ClientError):
        service.ask(endpoint, "status", status=400)
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}]

    def total(name, statistic="Sum"):
        now = time.time()
        points = service.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=name,
            Dimensions=dimensions,
            StartTime=now - 600,
            EndTime=now + 60,
            Period=60,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(point[statistic] for point in points)

    until(lambda: total("Invocations") == 4)
    assert (total("Invocation4XXErrors"), total("Invocation5XXErrors")) == (1, 0)
    assert 0 < total("ModelLatency", "Minimum") < 5_000_000
