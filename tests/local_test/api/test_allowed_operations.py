"""Only what keeps the service's own records is here: nothing that starts something, calls an address, or erases
everything.
"""

import botocore.session
import pytest

from local_test.api.allowed_operations import OPERATIONS, is_here, why_not_here

MODELS = {"monitoring": "cloudwatch"}


@pytest.mark.parametrize("service", OPERATIONS)
def test_every_operation_that_is_allowed_exists(service):
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    assert OPERATIONS[service] <= set(model.operation_names)


@pytest.mark.parametrize(
    "service",
    ["batch", "lambda", "sns", "sqs", "ec2", "cloudformation", "moto_api", "execute-api", "events", "s3-control", ""],
)
def test_other_services_are_not_here(service):
    assert not is_here(service, "POST", "Anything", []) and "does not have" in why_not_here(service, "Anything")


@pytest.mark.parametrize(
    "service, operation",
    [
        ("logs", "PutSubscriptionFilter"),
        ("logs", "CreateExportTask"),
        ("logs", "PutDestination"),
        ("sts", "GetSessionToken"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("ecr", "PutReplicationConfiguration"),
        ("ecr", "UploadLayerPart"),
        ("iam", "CreateLoginProfile"),
        ("iam", ""),
    ],
)
def test_what_calls_others_or_gives_out_well_known_keys_is_not_here(service, operation):
    assert not is_here(service, "POST", operation, [])
    assert "Send this request to AWS instead" in why_not_here(service, operation)


@pytest.mark.parametrize(
    "parameter",
    [
        "notification",
        "replication",
        "logging",
        "website",
        "select",
        "inventory",
        "torrent",
        "accelerate",
        "metadataTable",
        "new-one",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_of_s3_only_what_is_listed_is_here(method, parameter):
    assert not is_here("s3", method, "", [parameter])


def test_every_operation_of_s3_that_clients_need_is_here():
    model = botocore.session.get_session().get_service_model("s3")
    needed = [
        "ListBuckets",
        "CreateBucket",
        "HeadBucket",
        "DeleteBucket",
        "GetBucketLocation",
        "ListObjects",
        "ListObjectsV2",
        "ListObjectVersions",
        "GetObject",
        "HeadObject",
        "PutObject",
        "CopyObject",
        "DeleteObject",
        "DeleteObjects",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPartCopy",
        "ListParts",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
        "ListMultipartUploads",
        "GetObjectTagging",
        "PutObjectTagging",
        "PutBucketVersioning",
        "PutBucketLifecycleConfiguration",
        "PutBucketPolicy",
        "PutPublicAccessBlock",
        "PutBucketEncryption",
        "PutBucketTagging",
        "GetObjectAttributes",
        "PutObjectLockConfiguration",
        "PutBucketOwnershipControls",
        "RestoreObject",
    ]
    for name in needed:
        http = model.operation_model(name).http
        parameters = [pair.partition("=")[0] for pair in http["requestUri"].partition("?")[2].split("&") if pair]
        assert is_here("s3", http["method"], "", parameters), name
