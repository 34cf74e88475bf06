"""A bucket's policy: what it refuses to everybody is refused, and what it makes conditional is left to AWS."""

import json

import pytest
from botocore.exceptions import ClientError


def policy(condition: dict | None) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::pictures", "arn:aws:s3:::pictures/*"],
        **({"Condition": condition} if condition else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_that_wants_tls_keeps_nobody_out(server, s3):
    s3.put_bucket_policy(Bucket="pictures", Policy=policy({"Bool": {"aws:SecureTransport": "false"}}))
    s3.put_object(Bucket="pictures", Key="a", Body=b"x")
    assert s3.get_object(Bucket="pictures", Key="a")["Body"].read() == b"x"
    assert s3.delete_objects(Bucket="pictures", Delete={"Objects": [{"Key": "a"}]})["Deleted"][0]["Key"] == "a"
    server.restart()
    kept = json.loads(server.client("s3").get_bucket_policy(Bucket="pictures")["Policy"])
    assert kept["Statement"][0]["Effect"] == "Deny"


def test_a_policy_that_refuses_everybody_does(s3):
    s3.put_bucket_policy(Bucket="pictures", Policy=policy(None))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="pictures", Key="a", Body=b"x")
