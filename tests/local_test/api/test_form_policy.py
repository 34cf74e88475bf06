"""S3's form uploads: the policy is that of a key's holder, has not expired, and the form keeps to it."""

import base64
import json
from datetime import timedelta

import boto3
import pytest
from botocore.config import Config

from local_test.api.access_refused import AccessRefused, Why
from local_test.api.form_policy import authenticate_form
from tests.local_test.api.signing import KEY, find, now


def fields(version: str, secret: str = KEY.secret, **options) -> dict[str, str]:
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id=KEY.id, aws_secret_access_key=secret, config=Config(signature_version=version)
    )
    return client.generate_presigned_post("bucket", "uploads/${filename}", **options)["fields"] | {"key": "uploads/a.jpg"}


def why(form: dict, bucket: str = "bucket", size: int = 10, at=None, finds=find) -> Why | None:
    try:
        authenticate_form(form, bucket, size, finds, at or now())
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


def test_a_form_without_a_policy_is_refused():
    assert why({"key": "a"}) is Why.UNSIGNED
    assert why({"key": "a", "policy": "e30="}) is Why.UNKNOWN_KEY
