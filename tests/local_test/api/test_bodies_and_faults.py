"""What the front answers to a body that is no sound one, and when something behind it fails."""

import errno
import json

import pytest
import requests

from local_test.api.http_request import json_object
from tests.local_test.api.front_parts import LIST, Parts
from tests.local_test.api.signing import signed_head


@pytest.fixture
def parts():
    return Parts()


@pytest.mark.parametrize("body", [b"{bad}", b'{"MaxResults": 3', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_the_senders_fault(parts, body):
    status, _, answer = parts.ask(signed_head(body=body, headers=LIST), body)
    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException") and parts.asked == []


@pytest.mark.parametrize("deep", [b'{"a":' * 900 + b"1" + b"}" * 900, b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"])
def test_a_request_that_is_nested_too_deeply_is_the_senders_fault(parts, deep):
    status, _, answer = parts.ask(signed_head(body=deep, headers=LIST), deep)
    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException")


def test_a_member_that_is_null_is_absent():
    assert json_object(b'{"a": null, "b": [{"c": null, "d": 0}], "e": false}') == {"b": [{"d": 0}], "e": False}


def test_another_body_than_the_signed_one_is_not_stored(parts):
    head = signed_head("PUT", "/bucket/key", b"mine", "s3")
    assert parts.ask(head, b"theirs")[0] == 403 and parts.stored == []
    assert parts.ask(head, b"mine")[0] == 200 and parts.stored == [b"mine"]


def test_a_message_beyond_its_bound_is_refused(parts):
    large = b"{" + b" " * 9_000_000 + b"}"
    status, _, answer = parts.ask(signed_head(body=large, headers=LIST), large)
    assert (status, json.loads(answer)["__type"]) == (413, "RequestEntityTooLargeException")


def test_a_fault_behind_the_front_is_answered_with_an_id_not_a_traceback(parts, caplog):
    def broken(service, environ, start_response):
        raise OSError("boom")

    status, _, answer = parts.ask(signed_head("GET", "/", service="s3"), moto=broken)
    assert status == 500 and b"InternalFailure" in answer and b"boom" not in answer
    assert answer.partition(b"the id ")[2].partition(b":")[0].decode() in caplog.text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.exceptions.ConnectionError("('x', ConnectionRefusedError(111, 'Connection refused'))"), "refused"),
        (OSError(errno.ENOSPC, "No space left on device", "/state/records"), "The disk of /state/records is full"),
    ],
)
def test_an_engine_that_has_stopped_and_a_full_disk_are_said(parts, error, said):
    def broken(service, environ, start_response):
        raise error

    status, _, answer = parts.ask(signed_head("GET", "/", service="s3"), moto=broken)
    assert status == 500 and b"InternalFailure" in answer and said in answer.decode()
    assert b"A fault of the local SageMaker" not in answer
