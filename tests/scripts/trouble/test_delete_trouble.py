"""Objects that S3 has no time to remove now, which it says of each in an answer that is no error."""

import re

import pytest

from scripts.aws import objects, waiting
from scripts.aws.clients import Aws
from scripts.aws.objects import delete_objects, listing
from scripts.config.settings import load_settings
from scripts.console.failure import Failure

KEYS = [f"dogbreed/data/{number}" for number in range(5)]


@pytest.fixture
def s3(aws, bucket, troubled):
    for key in KEYS:
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    return Aws(load_settings()).client("s3")


def not_now(*codes: str):
    """An answer that removes nothing: the first keys have these errors."""
    errors = "".join(
        f"<Error><Key>{key}</Key><Code>{code}</Code><Message>Not now.</Message></Error>"
        for key, code in zip(KEYS, codes, strict=False)
    )
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    body = f'<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="{space}">{errors}</DeleteResult>'
    return lambda request: (200, {"Content-Type": "application/xml"}, body.encode())


def test_what_s3_has_no_time_for_is_asked_for_again(s3, aws, bucket, troubled):
    troubled.refuse("DeleteObjects", "x", times=2).answer = not_now(*["SlowDown", "InternalError"] * 2, "SlowDown")
    delete_objects(s3, bucket, KEYS)
    assert listing(aws.client("s3"), bucket, "dogbreed/") == {}
    assert len(troubled.made("DeleteObjects")) == 3


def test_time_that_s3_never_has_is_a_failure_that_names_an_object(s3, bucket, troubled, monkeypatch):
    monkeypatch.setattr(objects, "SECONDS_TO_DELETE", 0.1)
    monkeypatch.setattr(waiting, "SHORTEST", 0.01)
    troubled.refuse("DeleteObjects", "x").answer = not_now("SlowDown")
    with pytest.raises(Failure, match=re.escape(f"s3://{bucket}/{KEYS[0]} could not be removed: Not now.")):
        delete_objects(s3, bucket, KEYS)


def test_a_permission_that_lacks_is_not_waited_for(s3, bucket, troubled):
    troubled.refuse("DeleteObjects", "x").answer = not_now("SlowDown", "AccessDenied")
    with pytest.raises(Failure):
        delete_objects(s3, bucket, KEYS)
    assert len(troubled.made("DeleteObjects")) == 1
