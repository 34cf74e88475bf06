"""`python -m scripts.doctor`: what the account lacks, each thing as a finding; never a traceback, never a change."""

import json
import re
import time
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from contract.findings import has_problem
from scripts import doctor
from scripts.aws import account_checks
from scripts.aws.account_checks import trusts_sagemaker
from scripts.aws.clients import Aws
from scripts.aws.permissions import denied_of, role_of_session
from scripts.aws.policy_documents import places_of
from scripts.aws.quotas import Quota, quota_findings, read_quotas, wanted_quotas
from scripts.config.settings import load_settings
from tests.scripts.account_findings import PLACES, TRUST, levels, simulation  # noqa: F401


def found_in(aws):
    return doctor.findings(load_settings())


def test_an_account_that_has_everything_has_no_problem(simulation, bucket, aws):  # noqa: F811
    found = found_in(aws)
    assert not has_problem(found)
    assert {(one, "ok") for one in ("region", "credentials", "role", "permissions", "bucket")} <= levels(found)


def test_it_prints_a_table_and_ends_with_0_whatever_the_account_lacks(aws, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_ROLE", "")
    assert doctor.main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("AWS\n") and re.search(r"problem  role .*None is set", printed)


def test_settings_that_no_script_can_work_with_are_a_failure(aws, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_VOLUME_GB", "none")
    assert doctor.main([]) == 1 and "SAGEMAKER_TRAIN_VOLUME_GB" in capsys.readouterr().out


def test_without_a_region_credentials_or_network_it_is_a_line_and_no_problem(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert levels(found_in(aws)) == {("region", "ok"), ("AWS", "warning")}
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert levels(found_in(aws)) == {("region", "ok"), ("credentials", "warning")}
    monkeypatch.delenv("AWS_REGION")
    assert levels(found_in(aws)) == {("region", "warning")}


def test_a_profile_that_is_not_there_and_a_region_without_sagemaker_are_told(aws, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-wst-1")
    [told] = [one for one in found_in(aws) if one.subject == "region"]
    assert told.level == "warning" and "Did you mean eu-west-1?" in told.says
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert levels(found_in(aws)) == {("credentials", "problem")}


def test_wrong_or_expired_credentials_are_a_problem(aws, monkeypatch):
    def refused(self):
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "It has expired"}}, "GetCallerIdentity")

    monkeypatch.setattr(Aws, "identity", property(refused))
    [found] = account_checks.credential_findings(aws)
    assert (
        levels([found]) == {("credentials", "problem")} and found.next_step == "Log in again, as with `aws sso login`."
    )


def test_a_role_is_looked_at_in_all_that_a_job_needs_of_it(simulation, aws):  # noqa: F811
    iam = aws.client("iam")
    assert levels(account_checks.role_findings(aws, PLACES)) == {("role", "ok")}
    simulation.add("s3:GetObject")
    [found] = account_checks.role_findings(aws, PLACES)
    assert found.level == "problem" and "may not: s3:GetObject" in found.says
    for change, said in (
        ({"role": ""}, "None is set"),
        ({"role": "arn:aws:iam::999999999999:role/dogs"}, "is of account 999999999999"),
        ({"role": "arn:aws:iam::123456789012:role/cats"}, "has no role"),
        ({"role": "arn:aws:iam::123456789012:role/path/dogs"}, "which is arn:aws:iam::123456789012:role/dogs"),
    ):
        [found] = account_checks.role_findings(aws, replace(PLACES, **change))
        assert levels([found]) == {("role", "problem")} and said in found.says
    of_ec2 = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"Service": "ec2.amazonaws.com"}}]}
    iam.update_assume_role_policy(RoleName="dogs", PolicyDocument=json.dumps(of_ec2))
    [found] = account_checks.role_findings(aws, PLACES)
    assert found.level == "problem" and "does not trust" in found.says


def test_a_role_lets_a_shell_into_its_jobs_where_the_settings_want_one(simulation, aws, monkeypatch):  # noqa: F811
    actions = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    simulation |= {f"ssmmessages:{one}" for one in actions}
    assert levels(account_checks.role_findings(aws, PLACES)) == {("role", "ok")}
    monkeypatch.setenv("SAGEMAKER_TRAIN_SHELL", "true")
    [found] = account_checks.role_findings(aws, places_of(Aws(load_settings())))
    assert levels([found]) == {("role", "problem")} and "make bootstrap" in found.next_step
    assert all(f"ssmmessages:{one}" in found.says for one in actions)


@pytest.mark.parametrize(
    ("statement", "trusted"),
    [
        ({"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}}, True),
        ([{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}], True),
        ({"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"}}, False),
        ({"Effect": "Allow", "Principal": "*"}, False),
        ({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
    ],
)
def test_a_trust_policy_may_be_written_in_several_ways(statement, trusted):
    assert trusts_sagemaker({"Statement": statement}) is trusted and not trusts_sagemaker({})


def test_verbs_are_named_with_the_actions_that_they_lack(simulation, aws):  # noqa: F811
    assert levels(account_checks.permission_findings(aws, PLACES)) == {("permissions", "ok")}
    simulation |= {"iam:PassRole", "sagemaker:CreateEndpoint"}
    [found] = account_checks.permission_findings(aws, PLACES)
    assert levels([found]) == {("permissions", "problem")}
    assert "deploy (iam:PassRole, sagemaker:CreateEndpoint)" in found.says and "train (iam:PassRole)" in found.says
    assert "push" not in found.says


def test_credentials_that_may_not_ask_iam_are_a_warning_and_root_is_told(aws, monkeypatch):
    assert levels(account_checks.permission_findings(aws, PLACES)) == {("permissions", "warning")}
    root = {"Arn": "arn:aws:iam::123456789012:root", "Account": "123456789012"}
    monkeypatch.setitem(aws.__dict__, "identity", root)
    [found] = account_checks.permission_findings(aws, PLACES)
    assert found.level == "warning" and "root" in found.says


def test_a_policy_that_wants_to_know_more_decides_nothing():
    one = {"EvalActionName": "s3:GetObject", "EvalDecision": "implicitDeny"}
    assert (
        denied_of([one]) == ["s3:GetObject"] and denied_of([{**one, "MissingContextValues": ["aws:RequestTag"]}]) == []
    )
    assert role_of_session("arn:aws:sts::1:assumed-role/Name/me@example.com") == "Name"
    assert role_of_session("arn:aws:iam::1:user/Name") is None


NAME = "ml.g4dn.xlarge for training job usage"


def test_a_quota_that_is_too_small_is_named_with_who_wants_more():
    wanted = {NAME: {"train": 1, "tune": 2}}
    for has, level, said in (
        (0, "problem", "train wants 1, tune wants 2"),
        (1, "problem", "tune wants 2"),
        (2, "ok", NAME),
    ):
        [found] = quota_findings(wanted, {NAME: Quota("L-3F53BF0F", has)}, "eu-west-1")
        assert levels([found]) == {("quota", level)} and said in found.says
        assert level == "ok" or (found.next_step.startswith("Ask for 2: ") and found.next_step.endswith("L-3F53BF0F"))
    assert levels(quota_findings(wanted, {}, "eu-west-1")) == {("quota", "warning")}


def test_quotas_follow_the_settings(aws):
    settings = load_settings()
    assert wanted_quotas(settings) == {
        NAME: {"train": 1, "tune": 2},
        "ml.g4dn.xlarge for transform job usage": {"transform": 1},
        "ml.g4dn.xlarge for endpoint usage": {"deploy": 1},
    }
    spot = settings.train.model_copy(update={"spot": True, "instance_count": 3})
    serverless = settings.deploy.model_copy(update={"mode": "serverless"})
    changed = settings.model_copy(update={"train": spot, "deploy": serverless})
    assert list(wanted_quotas(changed)) == [
        "ml.g4dn.xlarge for spot training job usage",
        "ml.g4dn.xlarge for transform job usage",
    ]


def test_each_type_that_may_be_taken_has_a_quota_and_a_warm_pool_one_of_its_own(aws, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_TRAIN_INSTANCE_TYPES", "ml.g5.xlarge,ml.g6.xlarge")
    monkeypatch.setenv("SAGEMAKER_DEPLOY_INSTANCE_TYPES", "ml.g6.xlarge")
    monkeypatch.setenv("SAGEMAKER_TRAIN_KEEP_ALIVE_SECONDS", "600")
    assert wanted_quotas(load_settings()) == {
        **{f"ml.{family}.xlarge for training job usage": {"train": 1, "tune": 2} for family in ("g5", "g6")},
        "ml.g4dn.xlarge for transform job usage": {"transform": 1},
        "ml.g6.xlarge for endpoint usage": {"deploy": 1},
        **{f"ml.{family}.xlarge for training warm pool usage": {"train": 1} for family in ("g5", "g6")},
    }


def test_no_page_of_quotas_is_read_beyond_the_last_one_wanted(aws):
    pages = [
        {"Quotas": [{"QuotaName": "other", "QuotaCode": "L-0", "Value": 5.0}], "NextToken": "1"},
        {"Quotas": [{"QuotaName": NAME, "QuotaCode": "L-1", "Value": 4.0}], "NextToken": "2"},
    ]

    class ServiceQuotas:
        def get_paginator(self, operation):
            assert operation == "list_service_quotas"
            return self

        def paginate(self, ServiceCode, MaxResults):
            yield from pages
            raise AssertionError("nobody asks for a third")

    assert read_quotas(ServiceQuotas(), {NAME: {}}) == {NAME: Quota("L-1", 4.0)}


def test_an_account_that_does_not_answer_is_not_waited_for(aws, monkeypatch):
    monkeypatch.setattr(doctor, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(account_checks, "credential_findings", lambda aws: time.sleep(30))
    started = time.monotonic()
    assert levels(found_in(aws)) == {("region", "ok"), ("credentials", "warning")}
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("code", "says", "step"),
    [
        ("AccessDenied", "AWS refused Some: Not. Allowed (AccessDenied).", "Give these credentials that permission."),
        ("Odd", "AWS refused Some: Not. Allowed (Odd).", "The other lines hold without it;"),
    ],
)
def test_a_refusal_is_told_whole_and_its_next_step_is_one(code, says, step):
    error = ClientError({"Error": {"Code": code, "Message": "Not. Allowed"}}, "Some")
    found = account_checks.as_finding("warning", "quota", error)
    assert levels([found]) == {("quota", "warning")} and found.says == says and found.next_step.startswith(step)
