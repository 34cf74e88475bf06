"""Repositories: allowed by the service's own model, and as the settings say."""

import json

import pytest

from scripts.requests.repository import create_repository_request, lifecycle_policy_request, scanning_request
from tests.scripts.requests.requested import LONGEST_PREFIX, settings
from tests.scripts.service_model import problems


@pytest.mark.parametrize("prefix", ["dogbreed", LONGEST_PREFIX, "d", "dog-breed-2"])
def test_a_repository_is_one_that_ecr_takes(prefix):
    chosen = settings(image_prefix=prefix)
    request = create_repository_request(chosen, f"{prefix}-train")
    assert problems("ecr", "CreateRepository", request) == []
    assert request["imageTagMutability"] == "IMMUTABLE"
    assert problems("ecr", "PutLifecyclePolicy", lifecycle_policy_request(chosen, f"{prefix}-train")) == []


def test_the_lifecycle_policy_keeps_as_many_images_as_the_settings_say():
    policy = json.loads(lifecycle_policy_request(settings(sagemaker_push_keep_images="7"), "r")["lifecyclePolicyText"])
    assert policy["rules"][-1]["selection"]["countNumber"] == 7


OURS = ["dogbreed-train", "dogbreed-serve"]


def rule(*filters: str, frequency: str = "SCAN_ON_PUSH"):
    return {
        "scanFrequency": frequency,
        "repositoryFilters": [{"filter": one, "filterType": "WILDCARD"} for one in filters],
    }


@pytest.mark.parametrize(
    "rules",
    [
        [rule("*")],
        [rule("dogbreed")],
        [rule("other", "dogbreed-*")],
        [rule("*", frequency="CONTINUOUS_SCAN")],
    ],
)
def test_a_registry_that_scans_our_images_already_is_let_be(rules):
    assert scanning_request({"scanType": "BASIC", "rules": rules}, OURS, "dogbreed") is None


@pytest.mark.parametrize(
    "current",
    [
        {"scanType": "BASIC", "rules": []},
        {"scanType": "BASIC", "rules": [rule("cats-*")]},
        {"scanType": "BASIC", "rules": [rule("dogbreed-train")]},
        {"scanType": "ENHANCED", "rules": [rule("cats-*", frequency="CONTINUOUS_SCAN"), rule("x-*")]},
        {"scanType": "BASIC", "rules": [rule("*", frequency="MANUAL")]},
    ],
)
def test_scanning_is_added_and_every_rule_that_was_there_stays(current):
    request = scanning_request(current, OURS, "dogbreed")
    assert problems("ecr", "PutRegistryScanningConfiguration", request) == []
    assert request["scanType"] == current["scanType"]
    now = {(one["scanFrequency"], each["filter"]) for one in request["rules"] for each in one["repositoryFilters"]}
    before = {(one["scanFrequency"], each["filter"]) for one in current["rules"] for each in one["repositoryFilters"]}
    assert now == before | {("SCAN_ON_PUSH", "dogbreed-*")}
    assert len({one["scanFrequency"] for one in request["rules"]}) == len(request["rules"])
