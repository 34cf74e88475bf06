"""What the troubled AWS says is what boto3 understands of the real one, in each protocol."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

CALLS = {
    "sts": ("GetCallerIdentity", "get_caller_identity", {}),
    "ecr": ("DescribeRepositories", "describe_repositories", {}),
    "s3": ("ListObjectsV2", "list_objects_v2", {"Bucket": "some-bucket"}),
    "sagemaker": ("ListModels", "list_models", {}),
    "sagemaker-runtime": (None, "invoke_endpoint", {"EndpointName": "e", "Body": b""}),
}


def ask(troubled, service):
    client = boto3.client(
        service, "eu-west-1", endpoint_url=troubled.address, config=Config(retries={"total_max_attempts": 1})
    )
    return getattr(client, CALLS[service][1])(**CALLS[service][2])


@pytest.mark.parametrize("service", ["sts", "ecr", "s3", "sagemaker"])
def test_an_error_arrives_with_its_code_its_message_and_its_status(troubled, service):
    troubled.refuse(CALLS[service][0], "SomeTrouble", "It is <so>.", status=418)
    with pytest.raises(ClientError) as raised:
        ask(troubled, service)
    assert raised.value.response["Error"]["Code"] == "SomeTrouble"
    assert raised.value.response["Error"]["Message"] == "It is <so>."
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418
    [request] = troubled.calls
    assert (request.service, request.operation, request.key) == (service, CALLS[service][0], "test")


def test_the_status_of_an_error_is_that_of_the_services_model(troubled):
    troubled.refuse("ListModels", "ResourceNotFound")
    troubled.refuse("ListObjectsV2", "NoSuchBucket")
    for service, status in (("sagemaker", 400), ("s3", 404)):
        with pytest.raises(ClientError) as raised:
            ask(troubled, service)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_reset_is_one_and_what_has_no_trouble_is_answered(troubled, bucket):
    troubled.reset("ListObjectsV2", after=1, times=1)
    assert ask(troubled, "s3")["KeyCount"] == 0
    with pytest.raises(ConnectionClosedError):
        ask(troubled, "s3")
    assert ask(troubled, "s3")["KeyCount"] == 0
