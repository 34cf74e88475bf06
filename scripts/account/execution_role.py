"""The execution role: what jobs and endpoints run under. Its permissions are scripts/policies/execution-role.json.

IAM has no regions, and bucket and images have: a region's permissions are a policy of their own in the role.
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
"""

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.step import NOT_OURS, Step, as_pairs, bootstrap_tags, has_tags
from scripts.aws.clients import Aws
from scripts.aws.planned_call import Call
from scripts.aws.policy_documents import ROLE, TRUST, Places, policy_document
from scripts.console.failure import error_code


def role_name(prefix: str) -> str:
    return f"{prefix}-sagemaker"


def role_arn(places: Places) -> str:
    return f"arn:{places.partition}:iam::{places.account}:role/{role_name(places.prefix)}"


def policy_name(places: Places) -> str:
    return f"{places.prefix}-{places.region}"


def role_step(aws: Aws, places: Places) -> Step:
    name, trust, policy = role_name(places.prefix), policy_document(TRUST, places), policy_document(ROLE, places)
    put = Call(
        "iam",
        "PutRolePolicy",
        {"RoleName": name, "PolicyName": policy_name(places), "PolicyDocument": json.dumps(policy)},
    )
    found = _find_role(aws, name)
    if found is None:
        create = Call(
            "iam",
            "CreateRole",
            {
                "RoleName": name,
                "AssumeRolePolicyDocument": json.dumps(trust),
                "Description": f"Jobs and endpoints of {places.prefix}",
                "Tags": as_pairs(bootstrap_tags(places.prefix)),
            },
        )
        return Step(
            "role", name, "jobs and endpoints run under it, and reach only what is the project's", (create, put)
        )
    if not has_tags(found.get("Tags", []), places.prefix):
        return Step("role", name, f"{NOT_OURS}; `make doctor` says what it lacks")
    calls = []
    if found["AssumeRolePolicyDocument"] != trust:
        request = {"RoleName": name, "PolicyDocument": json.dumps(trust)}
        calls.append(Call("iam", "UpdateAssumeRolePolicy", request))
    if _find_policy(aws, name, policy_name(places)) != policy:
        calls.append(put)
    says = f"is there; its permissions in {places.region} are brought up to date" if calls else "is there"
    return Step("role", name, says, tuple(calls))


def removal_calls(aws: Aws, places: Places, stays: list[str]) -> list[Call]:
    """The calls that remove the role, when bootstrap made it. With permissions in other regions, where the project may
    have jobs, it stays without those in this one.
    """
    name, own = role_name(places.prefix), policy_name(places)
    found = _find_role(aws, name)
    if found is None or not has_tags(found.get("Tags", []), places.prefix):
        return []
    pages = aws.client("iam").get_paginator("list_role_policies").paginate(RoleName=name)
    policies = [policy for page in pages for policy in page["PolicyNames"]]
    calls = [Call("iam", "DeleteRolePolicy", {"RoleName": name, "PolicyName": one}) for one in policies if one == own]
    if others := [one for one in policies if one != own]:
        stays.append(f"the role {name}, for {', '.join(others)}")
        return calls
    return [*calls, Call("iam", "DeleteRole", {"RoleName": name})]


def _find_role(aws: Aws, name: str) -> dict[str, Any] | None:
    return _unless_unknown(lambda: aws.client("iam").get_role(RoleName=name)["Role"])


def _find_policy(aws: Aws, role: str, policy: str) -> dict[str, Any] | None:
    iam = aws.client("iam")
    return _unless_unknown(lambda: iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])


def _unless_unknown(look: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        return look()
    except ClientError as error:
        if error_code(error) in ("NoSuchEntity", "NoSuchEntityException"):
            return None
        raise
