"""Tags of a resource: set, listed by pages, deleted."""

import pytest

from local_test.api.errors import ValidationException
from local_test.api.tags import Tags
from local_test.host.state import State

ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/a"


@pytest.fixture
def tags(tmp_path):
    made = Tags(State(tmp_path))
    made.set(ARN, [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    return made


def keys(answer):
    return [tag["Key"] for tag in answer["Tags"]]


def test_a_tag_is_replaced_by_a_new_value(tags):
    tags.add_tags({"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "3"}]})
    assert tags.list_tags({"ResourceArn": ARN})["Tags"] == [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]


def test_pages_hold_everything_once(tags):
    first = tags.list_tags({"ResourceArn": ARN, "MaxResults": 1})
    assert keys(first) + keys(tags.list_tags({"ResourceArn": ARN, "NextToken": first["NextToken"]})) == ["a", "b"]


def test_a_foreign_token_is_refused(tags):
    with pytest.raises(ValidationException, match="NextToken"):
        tags.list_tags({"ResourceArn": ARN, "NextToken": "x"})


def test_a_deleted_tag_is_gone_and_others_stay(tags):
    tags.delete_tags({"ResourceArn": ARN, "TagKeys": ["a", "nobody"]})
    assert keys(tags.list_tags({"ResourceArn": ARN})) == ["b"]
