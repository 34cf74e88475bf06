"""An account as `doctor` looks at it, with IAM's simulation, and what its findings say."""

import json

import pytest

from local_test.api import moto_additions
from scripts.aws import account_checks
from scripts.aws.policy_documents import Places
from tests.scripts.conftest import BUCKET, ROLE

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": account_checks.SERVICE}}],
}
PLACES = Places("aws", "eu-west-1", "123456789012", BUCKET, "dogbreed", ROLE)


@pytest.fixture
def simulation(aws, monkeypatch):
    """moto with IAM's simulation, as the local SageMaker has it; the value names actions that it is to deny."""
    moto_additions.add_policy_simulation()
    refused, allowed = set(), moto_additions.evaluation_results

    def results(actions, resources):
        return [
            {**one, "EvalDecision": "implicitDeny"} if one["EvalActionName"] in refused else one
            for one in allowed(actions, resources)
        ]

    monkeypatch.setattr(moto_additions, "evaluation_results", results)
    aws.client("iam").create_user(UserName="moto")  # who moto says that everybody is
    aws.client("iam").create_role(RoleName="dogs", AssumeRolePolicyDocument=json.dumps(TRUST))
    return refused


def levels(findings):
    for one in findings:
        assert one.says.endswith((".", "?")) and (one.level == "ok") == (one.next_step == ""), one
    return {(one.subject, one.level) for one in findings}
