"""make delete ARGS=--all: what bootstrap made goes, and nothing that it did not."""

import json

import pytest
from botocore.exceptions import ClientError
from moto.s3.models import FakeBucket

from local_test.storage.moto_s3 import bucket_permission
from scripts import bootstrap, delete
from scripts.aws.clients import Aws
from scripts.aws.policy_documents import TRUST, places_of, policy_document
from scripts.config.settings import load_settings
from tests.scripts.conftest import BUCKET
from tests.scripts.sagemaker_stand_in import Refusal

NAME = "dogbreed-sagemaker"


@pytest.fixture
def account(sagemaker, aws, monkeypatch):
    """An account without endpoint, models and jobs."""
    monkeypatch.setattr(FakeBucket, "get_permission", bucket_permission)  # moto's takes conditions for met
    sagemaker.answers |= {
        "DescribeEndpoint": Refusal("ValidationException", "Could not find endpoint."),
        "ListModels": {"Models": []},
        "ListEndpointConfigs": {"EndpointConfigs": []},
    }
    return Aws(load_settings())  # with the clients that the programs have from here on


@pytest.fixture
def made(account, capsys):
    """bootstrap made all of it, and there is a picture."""
    assert bootstrap.main(["--yes", "--email", "me@example.com"]) == 0
    account.client("s3").put_object(Bucket=BUCKET, Key="dogbreed/data/train/A/x.jpg", Body=b"x")
    capsys.readouterr()
    return account


def budgets(aws) -> list[str]:
    found = aws.client("budgets").describe_budgets(AccountId="123456789012")["Budgets"]
    return [one["BudgetName"] for one in found]


def groups(aws) -> list[str]:
    return [one["logGroupName"] for one in aws.client("logs").describe_log_groups()["logGroups"]]


def test_all_that_bootstrap_made_goes_and_the_accounts_own_logs_stay(made, capsys):
    assert delete.main(["--yes", "--all"]) == 0
    shown = capsys.readouterr().out
    assert f"DeleteBucket  {BUCKET}" in shown and f"DeleteRole  {NAME}" in shown
    assert made.client("iam").list_roles()["Roles"] == [] and budgets(made) == []
    assert made.client("s3").list_buckets()["Buckets"] == []
    assert made.client("ecr").describe_repositories()["repositories"] == []
    assert groups(made) == ["/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"]
    assert delete.main(["--all"]) == 0
    assert "has nothing in eu-west-1 that is to be removed" in capsys.readouterr().out


def test_an_endpoint_that_scales_to_zero_has_a_second_log_group_which_comes_and_goes(account, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "2")
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MIN_INSTANCES", "0")
    assert bootstrap.main(["--yes"]) == 0
    [component] = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/Inf")["logGroups"]
    assert component["logGroupName"] == "/aws/sagemaker/InferenceComponents/dogbreed"
    assert component["retentionInDays"] == 90
    monkeypatch.delenv("SAGEMAKER_AUTOSCALING_MIN_INSTANCES")
    assert delete.main(["--yes", "--all"]) == 0
    assert groups(account) == ["/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"]


def test_without_all_it_stays(made):
    assert delete.main(["--yes", "--data", "--images"]) == 0
    assert made.client("iam").list_roles()["Roles"] and budgets(made) and made.client("s3").list_buckets()["Buckets"]
    assert "/aws/sagemaker/Endpoints/dogbreed" in groups(made)


def test_a_dry_run_prints_the_requests_in_the_order_in_which_they_must_be_made(made, capsys):
    assert delete.main(["--all", "--dry-run"]) == 0
    operations = [call["operation"] for call in json.loads(capsys.readouterr().out)]
    assert operations == [
        "DeleteRepository",
        "DeleteRepository",
        "DeleteObjects",
        "DeleteBucket",
        "DeleteLogGroup",
        "DeleteRolePolicy",
        "DeleteRole",
        "DeleteBudget",
    ]
    assert len(made.client("iam").list_roles()["Roles"]) == 1


def test_what_others_made_under_the_same_names_stays(account, bucket, write_log, capsys):
    trust = json.dumps(policy_document(TRUST, places_of(account)))
    tags = [{"Key": "project", "Value": "dogbreed"}]  # somebody's own, by which he splits his bill
    account.client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=trust, Tags=tags)
    account.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    write_log("/aws/sagemaker/Endpoints/dogbreed", "AllTraffic/i-1", "a line")
    budget = {
        "BudgetName": "dogbreed-bootstrap",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "1", "Unit": "USD"},
    }
    account.client("budgets").create_budget(AccountId="123456789012", Budget=budget)
    assert delete.main(["--yes", "--all"]) == 0
    assert len(account.client("iam").list_roles()["Roles"]) == 1 and budgets(account) == ["dogbreed-bootstrap"]
    assert account.client("s3").list_buckets()["Buckets"] and groups(account) == ["/aws/sagemaker/Endpoints/dogbreed"]


@pytest.mark.parametrize("key", ["a.txt", "dogbreed-house/data/x.jpg", "zebras/x.jpg"])
def test_a_bucket_with_others_objects_stays_and_is_said(made, capsys, key):
    made.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    assert delete.main(["--yes", "--all"]) == 0
    assert f"stays: the bucket {BUCKET}, for objects that are not below dogbreed/" in capsys.readouterr().out
    assert [one["Key"] for one in made.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]] == [key]
    assert made.client("iam").list_roles()["Roles"] == []


def test_a_role_with_permissions_in_another_region_keeps_those(made, monkeypatch, capsys):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("SAGEMAKER_BUCKET", "another-bucket")
    assert bootstrap.main(["--yes"]) == 0
    assert delete.main(["--yes", "--all"]) == 0
    assert f"stays: the role {NAME}, for dogbreed-eu-west-1" in capsys.readouterr().out
    assert made.client("iam").list_role_policies(RoleName=NAME)["PolicyNames"] == ["dogbreed-eu-west-1"]
    assert [one["Name"] for one in made.client("s3").list_buckets()["Buckets"]] == [BUCKET]


def test_what_is_refused_keeps_nothing_else_and_is_said(made, monkeypatch, capsys):
    def refused(**request):
        raise ClientError({"Error": {"Code": "DeleteConflict", "Message": "It is attached"}}, "DeleteRole")

    monkeypatch.setattr(made.client("iam"), "delete_role", refused)
    assert delete.main(["--yes", "--all"]) == 1
    said = capsys.readouterr().err
    assert f"error: {NAME}: AWS refused DeleteRole" in said and "make delete ARGS=--all" in said
    assert budgets(made) == [] and made.client("s3").list_buckets()["Buckets"] == []


def test_what_may_not_be_seen_is_said_and_the_rest_goes(made, monkeypatch, capsys):
    def refused(**request):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "DescribeBudget")

    monkeypatch.setattr(made.client("budgets"), "describe_budget", refused)
    assert delete.main(["--yes", "--all"]) == 1
    assert "AWS refused DescribeBudget" in capsys.readouterr().err and budgets(made) == ["dogbreed-bootstrap"]
    assert made.client("iam").list_roles()["Roles"] == []
