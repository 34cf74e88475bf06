"""InvokeEndpoint and its siblings through boto3, against real containers."""

import base64
import json
import random
import select
import time

import pytest
from botocore.exceptions import ClientError, EventStreamError

from tests.local_service import until
from tests.service.serving.harness import variant

JPEG_LIKE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(1).randbytes(200_000) + b"\r\n\r\n\x00\xff\xd9"


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
    with pytest.raises(ClientError, match="hosts models and no inference components") as error:
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
        pool = instance._started[0].stage.client._pool.pool
        [kept] = [one for one in pool.queue if one is not None]
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
            json.loads(line) for text in service.objects(bucket, "captured/").values() for line in text.splitlines()
        ]

    first, second = sorted(until(lambda: len(found := read()) == 2 and found), key=lambda one: len(str(one)))
    captured = {"observedContentType": "application/json", "mode": "INPUT", "data": '{"a": 1}', "encoding": "JSON"}
    assert first["captureData"]["endpointInput"] == captured
    assert first["eventMetadata"]["inferenceId"] == "id-1" and first["eventVersion"] == "0"
    assert second["captureData"]["endpointOutput"]["encoding"] == "BASE64"
    assert base64.b64decode(second["captureData"]["endpointOutput"]["data"]) == JPEG_LIKE
    [name, *_] = service.objects(bucket, "captured/")
    assert name.startswith(f"captured/{endpoint}/AllTraffic/{time.strftime('%Y/%m/%d', time.gmtime())}/")
    described = service.sagemaker.describe_endpoint(EndpointName=endpoint)["DataCaptureConfig"]
    assert (described["CaptureStatus"], described["CurrentSamplingPercentage"]) == ("Started", 100)


def test_captured_requests_go_into_a_folder_of_this_machine(service, tmp_path):
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": (tmp_path / "captured#1").as_uri(),
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    endpoint = service.deploy(DataCaptureConfig=capture)
    service.who(endpoint)
    until(lambda: list(tmp_path.glob(f"captured#1/{endpoint}/AllTraffic/*/*/*/*/*.jsonl")))


def test_cloudwatch_counts_the_invocations(service):
    endpoint = service.deploy()
    for _ in range(3):
        service.who(endpoint)
    with pytest.raises(ClientError):
        service.ask(endpoint, "status", status=400)
    until(lambda: service.statistic(endpoint, "Invocations") == 4)
    assert service.statistic(endpoint, "Invocation4XXErrors") == 1
    assert service.statistic(endpoint, "Invocation5XXErrors") == 0
    assert 0 < service.statistic(endpoint, "ModelLatency", "Minimum") < 5_000_000
