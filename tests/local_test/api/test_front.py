"""The front: who is let in, and which part a request is for."""

import json

import pytest

from local_test.api.http_request import RequestHead
from local_test.api.other_services import signed_for
from tests.local_test.api.front_parts import LIST, Parts
from tests.local_test.api.signing import OF_ROLE, signed_head

SCOPE = "local/20260101/us-east-1/{}/aws4_request"


@pytest.fixture
def parts():
    return Parts()


def test_the_service_stands_in_the_header_or_in_a_presigned_url():
    assert (
        signed_for({"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={SCOPE.format('s3')}, SignedHeaders=host"})
        == "s3"
    )
    assert signed_for({"QUERY_STRING": "X-Amz-Credential=" + SCOPE.format("s3").replace("/", "%2F")}) == "s3"
    assert signed_for({}) == signed_for({"HTTP_AUTHORIZATION": "Basic abc", "QUERY_STRING": "X-Amz-Credential=a"}) == ""


@pytest.mark.parametrize("bucket", ["endpoints", "local-sagemaker", "moto-api"])
def test_a_bucket_may_have_the_name_of_a_path_of_ours(parts, bucket):
    parts.ask(signed_head("GET", f"/{bucket}/x", service="s3", presign=60))
    parts.ask(signed_head("GET", f"/{bucket}/x", service="s3"))
    assert parts.asked == ["s3", "s3"]


@pytest.mark.parametrize(
    "head, part",
    [
        (signed_head(target="/endpoints/a/invocations"), "runtime"),
        (signed_head("GET", "/local-sagemaker/status", service="local-sagemaker"), "control"),
        (signed_head("GET", "/", service="s3"), "s3"),
    ],
)
def test_each_request_reaches_its_part(parts, head, part):
    assert parts.ask(head)[0] == 200 and parts.asked == [part]


@pytest.mark.parametrize(
    "head",
    [
        RequestHead.of("POST", "/moto-api/reset", {"host": "127.0.0.1:4567"}),
        RequestHead.of("GET", "/local-sagemaker/status", {"host": "127.0.0.1:4567"}),
        RequestHead.of("POST", "/endpoints/a/invocations", {"host": "127.0.0.1:4567"}),
        RequestHead.of("POST", "/", {"host": "127.0.0.1:4567", "x-amz-target": "SageMaker.CreateTrainingJob"}),
        RequestHead.of("PUT", "/bucket/key", {"host": "127.0.0.1:4567"}),
        signed_head("GET", "/", service="s3", headers={"Origin": "https://evil.example"}),
    ],
)
def test_nothing_behind_the_front_hears_of_a_request_that_is_not_let_in(parts, head):
    status, _, answer = parts.ask(head)
    assert status == 403 and answer and parts.asked == []


def test_a_containers_key_does_not_command_the_service(parts):
    status, _, answer = parts.ask(signed_head("GET", "/local-sagemaker/status", service="local-sagemaker", key=OF_ROLE))
    assert status == 403 and b"own key" in answer and parts.asked == []


@pytest.mark.parametrize("where", ["S3Uri", "Environment"])
def test_a_containers_key_names_no_file_of_this_machine(parts, where):
    body = json.dumps({"InputDataConfig": [{"DataSource": {where: ["file:///home/someone"]}}]}).encode()
    status, _, answer = parts.ask(signed_head(body=body, headers=LIST, key=OF_ROLE), body)
    assert status == 403 and b"file:///home/someone needs" in answer and parts.asked == []
    assert parts.ask(signed_head(body=body, headers=LIST), body)[0] == 200  # the owner may


def test_a_containers_key_names_no_file_in_a_header(parts):
    headers = {"X-Amzn-SageMaker-InputLocation": "file:///home/someone/x.jpg"}
    assert (
        parts.ask(signed_head(target="/endpoints/a/async-invocations", headers=headers, key=OF_ROLE))[0] == 403
        and parts.asked == []
    )
    assert parts.ask(signed_head(target="/endpoints/a/async-invocations", headers=headers))[0] == 200


def test_a_containers_key_is_obeyed_by_everything_else(parts):
    body = b'{"S3Uri": "s3://bucket/file:///x"}'
    assert parts.ask(signed_head(body=body, headers=LIST, key=OF_ROLE), body)[0] == 200
    parts.ask(signed_head("GET", "/", service="s3", key=OF_ROLE))
    assert [part for part in parts.asked if isinstance(part, str)] == ["s3"]


def test_a_form_whose_policy_nobody_signed_stores_nothing(parts):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    )
    form = RequestHead.of(
        "POST", "/bucket", {"host": "127.0.0.1:4567", "content-type": "multipart/form-data; boundary=b"}
    )
    assert parts.ask(form, body)[0] == 403 and parts.asked == []


@pytest.mark.parametrize(
    "service, operation",
    [("sns", "Subscribe"), ("batch", "SubmitJob"), ("lambda", "Invoke"), ("iam", "CreateLoginProfile")],
)
def test_what_is_not_here_never_reaches_moto(parts, service, operation):
    body = f"Action={operation}".encode()
    status, _, answer = parts.ask(
        signed_head(body=body, service=service, headers={"Content-Type": "application/x-www-form-urlencoded"}), body
    )
    assert status == 400 and b"does not have" in answer and parts.asked == []


def test_what_is_signed_for_s3_and_meant_for_s3_control_never_reaches_moto(parts):
    head = signed_head("GET", "/v20180820/bucket", service="s3", headers={"x-amz-account-id": "123456789012"})
    status, _, answer = parts.ask(head)
    assert status == 400 and b"does not have ListRegionalBuckets" in answer and parts.asked == []


def test_a_target_of_another_service_does_not_choose_it(parts):
    body = b"{}"
    status, _, _ = parts.ask(
        signed_head(body=body, service="ecr", headers={"X-Amz-Target": "AWSBatchV20160810.SubmitJob"}), body
    )
    assert status == 400 and parts.asked == []
    assert (
        parts.ask(signed_head(body=body, headers={"X-Amz-Target": "Lambda.Invoke"}), body)[0] == 400
        and parts.asked == []
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "service, target, headers, body",
    [
        ("iam", "/", {**FORM, "X-Amz-Target": "X.ListRoles"}, b"Action=CreateLoginProfile"),
        ("iam", "/?Action=ListRoles", FORM, b"Action=CreateLoginProfile"),
        (
            "iam",
            "/?Action=ListRoles",
            {"Content-Type": "Application/X-WWW-Form-Urlencoded"},
            b"Version=1&Action=CreateLoginProfile",
        ),
        ("sts", "/", FORM, b"Action=GetCallerIdentity&Action=GetSessionToken"),
        ("logs", "/?Action=PutSubscriptionFilter", {"X-Amz-Target": "Logs_20140328.DescribeLogGroups"}, b"{}"),
        ("monitoring", "/service/S/operation/ListMetrics", FORM, b"Action=PutInsightRule"),
        (
            "iam",
            "/",
            {"Content-Type": "multipart/form-data; boundary=b"},
            b'--b\r\nContent-Disposition: form-data; name="Action"\r\n\r\nListRoles\r\n--b--\r\n',
        ),
    ],
)
def test_an_operation_has_one_name(parts, service, target, headers, body):
    """Else the one that is checked need not be the one that moto takes."""
    status, _, answer = parts.ask(signed_head(target=target, body=body, service=service, headers=headers), body)
    assert status == 400 and b"more than one way" in answer and parts.asked == []


def test_what_a_presigned_request_changed_is_written_down_without_its_signature(parts):
    written = []
    parts.record = lambda *request: written.append(request)
    parts.ask(signed_head("DELETE", "/bucket?tagging", service="s3", presign=60))
    [(method, path, query, headers, _, status)] = written
    assert (method, path, query.rstrip("="), status) == ("DELETE", "/bucket", "tagging", 200)
    assert signed_for({"HTTP_AUTHORIZATION": headers["authorization"]}) == "s3"


def test_a_fault_in_examining_lets_nobody_in(parts, caplog):
    def broken(id):
        raise RuntimeError("boom")

    parts.access._find = broken
    assert parts.ask(signed_head("GET", "/", service="s3"))[0] == 403 and parts.asked == [] and "boom" in caplog.text


def test_few_forms_are_received_at_a_time(parts):
    form = RequestHead.of(
        "POST", "/bucket", {"host": "127.0.0.1:4567", "content-type": "multipart/form-data; boundary=b"}
    )
    under_way = [parts.access.examine(form) for _ in range(8)]
    assert [one.refused for one in under_way] == [None] * 8 and parts.access.examine(form).refused
    under_way.pop()
    assert parts.access.examine(form).refused is None


def test_a_form_with_a_field_beyond_its_bound_is_the_senders_fault(parts):
    body = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n' + b"k" * 9_000_000 + b"\r\n--b--\r\n"
    form = RequestHead.of(
        "POST", "/bucket", {"host": "127.0.0.1:4567", "content-type": "multipart/form-data; boundary=b"}
    )
    assert parts.ask(form, body)[0] == 400 and parts.asked == []


def test_no_answer_lets_a_page_read_it(parts):
    _, headers, _ = parts.ask(signed_head("GET", "/", service="s3"))
    assert headers == {"X-Kept": "1", "Content-Length": "0"}
