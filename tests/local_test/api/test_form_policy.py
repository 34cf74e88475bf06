"""S3's form uploads: the policy is that of a key's holder, has not expired, and the form keeps to it."""

import base64
import json
from datetime import timedelta

import boto3
import pytest
from botocore.config import Config

from local_test.api import sigv2
from local_test.api.errors import AccessRefused, Why
from local_test.api.form_policy import authenticate_form
from tests.local_test.api.signing import KEY, find, now


def fields(version: str, secret: str = KEY.secret, **options) -> dict[str, str]:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=KEY.id,
        aws_secret_access_key=secret,
        config=Config(signature_version=version),
    )
    return client.generate_presigned_post("bucket", "uploads/${filename}", **options)["fields"] | {
        "key": "uploads/a.jpg"
    }


def why(form: dict, bucket: str = "bucket", size: int = 10, at=None, finds=find, more=(), files=None) -> Why | None:
    try:
        authenticate_form([*form.items(), *more], files or [("file", size)], bucket, finds, at or now())
    except AccessRefused as refused:
        return refused.why
    return None


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_what_boto3_presigns_is_taken_as_long_as_it_is_kept_to(version):
    form = fields(version)
    assert why(form) is None
    assert why({**form, "key": "models/model.tar.gz"}) is Why.FORBIDDEN
    assert why(form, bucket="other") is Why.FORBIDDEN
    assert why({**form, "acl": "public-read"}) is Why.FORBIDDEN
    assert why({**form, "x-ignore-this": "a"}) is None
    assert why(form, at=now() + timedelta(hours=2)) is Why.EXPIRED
    assert why(form, finds=lambda id: None) is Why.UNKNOWN_KEY
    assert why(fields(version, secret="guessed")) is Why.WRONG_SIGNATURE


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_policy_that_was_changed_is_refused(version):
    form = fields(version)
    policy = json.loads(base64.b64decode(form["policy"]))
    policy["conditions"] = [{"bucket": "bucket"}, ["starts-with", "$key", ""]]
    assert why({**form, "policy": base64.b64encode(json.dumps(policy).encode()).decode()}) is Why.WRONG_SIGNATURE


def test_the_size_is_kept_to():
    form = fields("s3v4", Conditions=[["content-length-range", 5, 20]])
    assert (why(form, size=20), why(form, size=21), why(form, size=4)) == (None, Why.FORBIDDEN, Why.FORBIDDEN)


@pytest.mark.parametrize(
    "more, files",
    [
        ([("Key", "uploads/a.jpg")], None),
        ([("key", "models/model.tar.gz")], None),
        ([("POLICY", "e30=")], None),
        ([("file", "x")], None),
        ([], [("file", 1), ("other", 5000)]),
        ([], [("file", 1), ("file", 5000)]),
        ([], [("File", 1)]),
        ([], [("key", 1)]),
    ],
)
def test_two_fields_that_could_be_taken_for_each_other_are_refused(more, files):
    """What is checked must be what is stored."""
    assert why(fields("s3v4"), more=more, files=files) is Why.FORBIDDEN
    assert why({"Key" if name == "key" else name: value for name, value in fields("s3v4").items()}) is Why.FORBIDDEN


@pytest.mark.parametrize(
    "policy", ['{"expiration": "2999-01-01T00:00:00", "conditions": []}', '{"expiration": 1}', "[]", "{", "\u72ac"]
)
def test_a_signed_policy_that_is_none_is_refused(policy):
    text = base64.b64encode(policy.encode()).decode()
    form = {
        "key": "a",
        "policy": text,
        "AWSAccessKeyId": KEY.id,
        "signature": sigv2.signature(KEY.secret, text.encode()),
    }
    assert why(form) in (Why.INCOMPLETE, Why.FORBIDDEN)
    assert why({**form, "policy": "\u72ac"}) is Why.WRONG_SIGNATURE


def test_a_form_without_a_policy_is_refused():
    assert why({"key": "a"}) is Why.UNSIGNED
    assert why({"key": "a", "policy": "e30="}) is Why.UNKNOWN_KEY
