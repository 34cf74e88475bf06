"""The front: what is no sound request gets AWS's kind of answer, and who a request is for is read from its signature."""

import io
import json

import pytest

from local_test.api.errors import SerializationException
from local_test.api.front import Front, WholeBody, json_object, read_body, signed_for

SCOPE = "local/20260101/us-east-1/{}/aws4_request"


def environ(path="/", body=b"", **more):
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, "REQUEST_URI": path, "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body), **more}


class Parts:
    """In place of what is behind the front: moto reads the body, the others say who was asked."""

    def __init__(self):
        self.asked, self.stored = [], []

    def call(self, operation, request):
        self.asked.append((operation, request))
        return {}

    def application(self, name):
        def answer(environ, start_response):
            self.asked.append(name)
            if name == "moto":
                self.stored.append(environ["wsgi.input"].read())
            start_response("200 OK", [])
            return [b""]

        return answer

    def flush(self):
        pass

    def record(self, *request):
        pass

    def with_stream_names(self, request):
        return request

    def ask(self, environ):
        front = Front(self, self.application("runtime"), self.application("control"), self.application("moto"), self, self, self)
        heard = []
        body = b"".join(front(environ, lambda status, headers: heard.append(status)))
        return int(heard[0].split()[0]), json.loads(body or b"{}")


@pytest.fixture
def parts():
    return Parts()


def test_the_service_stands_in_the_header_or_in_a_presigned_url():
    assert signed_for({"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={SCOPE.format('s3')}, SignedHeaders=host"}) == "s3"
    assert signed_for({"QUERY_STRING": "X-Amz-Credential=" + SCOPE.format("s3").replace("/", "%2F")}) == "s3"
    assert signed_for({}) == signed_for({"HTTP_AUTHORIZATION": "Basic abc", "QUERY_STRING": "X-Amz-Credential=a"}) == ""


@pytest.mark.parametrize("bucket", ["endpoints", "local-sagemaker"])
def test_a_bucket_may_have_the_name_of_a_path_of_ours(parts, bucket):
    presigned = environ(f"/{bucket}/x", QUERY_STRING="X-Amz-Credential=" + SCOPE.format("s3"))
    parts.ask(presigned)
    parts.ask(environ(f"/{bucket}/x", HTTP_AUTHORIZATION=f"AWS4-HMAC-SHA256 Credential={SCOPE.format('s3')}, x"))
    assert parts.asked == ["moto", "moto"]


@pytest.mark.parametrize("body", [b"{bad}", b'{"MaxResults": 3', b"\xff\xfe"])
def test_a_body_that_is_no_json_is_the_senders_fault(parts, body):
    status, answer = parts.ask(environ(body=body, HTTP_X_AMZ_TARGET="SageMaker.ListTrainingJobs"))
    assert (status, answer["__type"]) == (400, "SerializationException") and parts.asked == []


def test_a_member_that_is_null_is_absent():
    assert json_object(b'{"a": null, "b": [{"c": null, "d": 0}], "e": false}') == {"b": [{"d": 0}], "e": False}


@pytest.mark.parametrize("length", ["10", "-1"])
def test_a_body_that_ends_too_early_is_refused(length):
    with pytest.raises(SerializationException):
        read_body({"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(b"12345")})


def test_an_upload_that_breaks_off_is_not_stored(parts):
    upload = environ("/bucket/key", b"half", HTTP_AUTHORIZATION=f"AWS4-HMAC-SHA256 Credential={SCOPE.format('s3')}, x")
    status, answer = parts.ask({**upload, "CONTENT_LENGTH": "8"})
    assert (status, answer["__type"], parts.stored) == (400, "SerializationException", [])


def test_a_body_is_read_to_its_end_and_not_beyond():
    body = WholeBody(io.BytesIO(b"12345678"), 5)
    assert (body.read(2), body.read(), body.read(1), body.read()) == (b"12", b"345", b"", b"")


def test_a_fault_behind_the_front_is_answered_with_an_id_not_a_traceback(parts, caplog):
    def broken(environ, start_response):
        raise RuntimeError("boom")

    parts.application = lambda name: broken
    status, answer = parts.ask(environ(HTTP_AUTHORIZATION=f"AWS4-HMAC-SHA256 Credential={SCOPE.format('foo')}, x"))
    assert (status, answer["__type"]) == (500, "InternalFailure") and "boom" not in answer["message"]
    assert answer["message"].split()[-1].strip(".") in caplog.text and "foo" in caplog.text
