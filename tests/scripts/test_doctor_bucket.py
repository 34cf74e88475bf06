"""make doctor about the bucket: whose it is, where, and by which key it encrypts."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts import doctor
from scripts.aws import account_checks, bucket_key
from scripts.config.settings import load_settings
from tests.scripts.account_findings import PLACES, levels, simulation  # noqa: F401
from tests.scripts.conftest import BUCKET

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_a_bucket_is_ones_own_and_in_the_region(aws, bucket, monkeypatch):
    assert levels(account_checks.bucket_findings(aws, PLACES)) == {("bucket", "ok")}
    [found] = account_checks.bucket_findings(aws, replace(PLACES, bucket="not-there-yet"))
    assert levels([found]) == {("bucket", "warning")} and found.next_step == "make upload makes it"
    boto3.client("s3", region_name="ap-southeast-2").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"}
    )
    [found] = account_checks.bucket_findings(aws, replace(PLACES, bucket="elsewhere"))
    assert levels([found]) == {("bucket", "problem")} and "ap-southeast-2" in found.says

    def refused(**request):
        assert request["ExpectedBucketOwner"] == "123456789012"
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")

    monkeypatch.setattr(aws.client("s3"), "head_bucket", refused)
    assert levels(account_checks.bucket_findings(aws, PLACES)) == {("bucket", "problem")}


def encrypt(aws, algorithm, **key):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **key}}
    aws.client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_a_key_of_the_accounts_own_is_told_with_what_the_role_needs_on_it(simulation, bucket, aws):  # noqa: F811
    encrypt(aws, "aws:kms", KMSMasterKeyID=KEY)
    assert levels(bucket_key.key_findings(aws, PLACES)) == {("bucket key", "ok")}
    assert ("bucket key", "ok") in levels(doctor.findings(load_settings()))
    simulation.add("kms:GenerateDataKey")
    for places, key in ((PLACES, KEY), (replace(PLACES, role=""), KEY), (PLACES, "alias/mine")):
        encrypt(aws, "aws:kms", KMSMasterKeyID=key)
        [found] = bucket_key.key_findings(aws, places)
        assert levels([found]) == {("bucket key", "warning")}
        assert f"the KMS key {key}: you and the role need kms:Decrypt and kms:GenerateDataKey on it" in found.says


@pytest.mark.parametrize(
    "rule", [("AES256", {}), ("aws:kms", {}), ("aws:kms", {"KMSMasterKeyID": "arn:aws:kms:eu-west-1:1:alias/aws/s3"})]
)
def test_a_key_of_s3s_or_of_awss_wants_nothing_of_anybody(bucket, aws, rule):
    encrypt(aws, rule[0], **rule[1])
    assert bucket_key.key_findings(aws, PLACES) == []
    assert bucket_key.key_findings(aws, replace(PLACES, bucket="not-there-yet")) == []
