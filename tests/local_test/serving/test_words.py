"""What invocations leave behind and how they fail, in the forms that AWS documents."""

import base64
from datetime import UTC, datetime

import pytest
from botocore.eventstream import EventStreamBuffer

from local_test.serving.async_invocations import expired
from local_test.serving.container_start import with_last_lines
from local_test.serving.data_capture import captured_line
from local_test.serving.invocation import Answer, Asked, Measured, model_error_message
from local_test.serving.invocation_metrics import data_points
from local_test.serving.pipeline import Passed
from local_test.serving.runtime_protocol import payload_part, stream_error


def test_frames_are_read_by_botocore_and_carry_any_bytes():
    buffer = EventStreamBuffer()
    buffer.add_data(
        payload_part(b"\x00\xff part")
        + payload_part(b"")
        + stream_error("ModelStreamError", "it broke", "StreamBroken")
    )
    first, empty, error = (event.to_response_dict() for event in buffer)
    assert (
        first["body"] == b"\x00\xff part" and first["headers"][":event-type"] == "PayloadPart" and empty["body"] == b""
    )
    assert error["headers"][":exception-type"] == "ModelStreamError" and b"it broke" in error["body"]


def test_a_model_error_reads_as_on_aws_and_fits_its_shape():
    message = model_error_message("us-east-1", "/aws/sagemaker/Endpoints/e", "primary", 500, "no memory")
    assert message.startswith(
        'Received server error (500) from primary with message "no memory". See https://us-east-1.console'
    )
    assert model_error_message("us-east-1", "g", "container-2", 404, "").startswith(
        "Received client error (404) from container-2"
    )
    long = model_error_message("us-east-1", "g", "primary", 400, "x" * 10_000)
    assert len(long) == 2048 and long.endswith("for more information.")


def capture(input_type="text/csv; charset=utf-8", body=b"1,2", modes=("InputAndOutput",), **headers):
    config = {
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
    }
    asked = Asked(body, {"Content-Type": input_type, **headers}, 60)
    answer = Answer(b'{"a": 1}', "application/json", "v", {})
    return captured_line(config, asked, answer, "event-1", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_a_captured_line_has_the_documented_form():
    assert capture(**{"X-Amzn-SageMaker-Custom-Attributes": "trace"}) == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "INPUT",
                "data": "1,2",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": '{"a": 1}',
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"eventId": "event-1", "customAttributes": ["trace"], "inferenceTime": "2026-01-02T03:04:05Z"},
        "eventVersion": "0",
    }


@pytest.mark.parametrize(("content_type", "body"), [("image/jpeg", b"\xff\xd8"), ("text/csv", b"\xff\xd8")])
def test_what_is_not_listed_or_not_text_is_captured_as_base64(content_type, body):
    side = capture(content_type, body)["captureData"]["endpointInput"]
    assert side["encoding"] == "BASE64" and base64.b64decode(side["data"]) == body


def test_only_the_sides_that_were_asked_for_are_captured():
    assert list(capture(modes=("Output",))["captureData"]) == ["endpointOutput"]
    assert list(capture(modes=("Input", "Output"))["captureData"]) == ["endpointInput", "endpointOutput"]


def test_metrics_count_requests_and_keep_each_latency():
    batch = [
        Measured("e", "a", 200, 0.002),
        Measured("e", "a", 415, 0.001),
        Measured("e", "a", 0, 60.0),
        Measured("e", "b", 500, 0.5),
    ]
    points = data_points(batch)
    assert points["e", "a"] == [
        ("Invocations", 3.0),
        ("Invocation4XXErrors", 1.0),
        ("Invocation5XXErrors", 1.0),
        ("ModelLatency", 2000.0),
        ("ModelLatency", 1000.0),
    ]
    assert points["e", "b"][2] == ("Invocation5XXErrors", 1.0)


def test_metrics_tell_the_containers_of_a_pipeline_and_of_direct_invocations_apart():
    passed = (Passed("first", 200, 0.001), Passed("second", 500, 0.002))
    points = data_points([Measured("e", "a", 500, 0.003, passed)])
    assert points["e", "a", "second"] == [("ContainerLatency", 2000.0)] and points["e", "a"][0] == ("Invocations", 1.0)
    direct = data_points([Measured("e", "a", 500, 0.003, passed[1:], direct=True)])
    assert direct["e", "a", "second"][:4] == [
        ("ContainerLatency", 2000.0),
        ("Invocations", 1.0),
        ("Invocation4XXErrors", 0.0),
        ("Invocation5XXErrors", 1.0),
    ]


def test_an_asynchronous_request_expires_after_its_time():
    assert not expired(1000.0, 60, 1060.0) and expired(1000.0, 60, 1060.1)


def test_a_reason_keeps_the_end_of_a_long_log():
    assert with_last_lines("It ended.", "") == "It ended."
    reason = with_last_lines("It ended.", "x" * 5000 + "the cause")
    assert len(reason) == 1024 and reason.startswith("It ended. Its last log lines:\n") and reason.endswith("the cause")
