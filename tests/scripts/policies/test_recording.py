"""The check that all tests of the programs make on the side can fail."""

import functools

import botocore.session
import pytest

from scripts import status
from scripts.aws import inventory
from tests.scripts.policies import recording
from tests.scripts.policies.recording import checked, not_allowed, project_places


def test_a_call_that_no_document_allows_fails_the_test_that_made_it(aws):
    service = botocore.session.get_session().get_service_model("sagemaker")

    @functools.wraps(status.main)
    def makes_one_too_many(arguments):
        recording.asked_for({"ModelName": "dogbreed-1"}, service.operation_model("DeleteModel"))
        return 0

    with pytest.raises(AssertionError, match=r"status\.json does not allow: \['sagemaker:DeleteModel on arn:aws:"):
        checked(makes_one_too_many)([])


def test_the_calls_of_a_program_are_seen_and_those_of_a_test_are_not(endpoint_in_service, aws, monkeypatch):
    endpoint_in_service.answers |= {"ListModels": {"Models": []}, "ListEndpointConfigs": {"EndpointConfigs": []}}
    seen, look = [], inventory.endpoints

    def with_a_look_of_its_own(aws):
        aws.client("s3").list_buckets()
        return look(aws)

    monkeypatch.setattr(inventory, "endpoints", with_a_look_of_its_own)
    monkeypatch.setattr(recording, "not_allowed", lambda name, calls, *rest: seen.extend(calls) or [])
    status.main([])
    assert ("ecr", "DescribeRepositories", {"repositoryNames": ["dogbreed-train"]}) in seen
    assert "ListBuckets" not in [operation for _, operation, _ in seen]


@pytest.mark.parametrize(
    ("call", "arguments", "is_allowed"),
    [
        (("sagemaker", "DescribeTrainingJob", {"TrainingJobName": "dogbreed-train-x"}), [], True),
        (("sagemaker", "DescribeTrainingJob", {"TrainingJobName": "dogbreed-house-train-x"}), [], False),
        (("sagemaker", "DescribeTrainingJob", {"TrainingJobName": "mine"}), ["mine"], True),
        (("sagemaker", "StopTrainingJob", {"TrainingJobName": "mine"}), ["mine"], False),
        (("s3", "GetObject", {"Bucket": "some-bucket", "Key": "dogbreed/jobs/x/output/output.tar.gz"}), [], True),
        (("s3", "GetObject", {"Bucket": "some-bucket", "Key": "dogbreed-house/jobs/x"}), [], False),
        (("s3", "ListObjectsV2", {"Bucket": "another"}), [], False),
    ],
)
def test_only_the_projects_own_and_what_a_user_names_is_allowed(aws, call, arguments, is_allowed):
    assert (not_allowed("report", [call], arguments, project_places()) == []) is is_allowed
