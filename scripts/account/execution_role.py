"""The execution role: what jobs and endpoints run under, and the setting that names it. Its permissions are
scripts/policies/execution-role.json.

IAM has no regions, and bucket and images have: a region's permissions are a policy of their own in the role.
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from scripts.account.step import NOT_OURS, Step, as_pairs, bootstrap_tags, has_tags
from scripts.aws.clients import Aws, Call
from scripts.aws.policy_documents import ROLE, TRUST, Places, policy_document
from scripts.config.variables import names_of
from scripts.console.failure import error_code

[ROLE_VARIABLE] = names_of("role")


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


@dataclass(frozen=True)
class RoleSetting:
    """says: what becomes of the setting, in words. text: sagemaker.toml with it; None where the file stays as it is."""

    says: str
    text: str | None = None


def role_setting(name: str, arn: str, present: str, file: Path, environment: Mapping[str, str]) -> RoleSetting:
    """An empty setting is written; one that names another role stays, and the line that would name this one is said.

    Args:
        name: of the role that bootstrap makes.
        arn: its ARN.
        present: the setting as it is, from the environment or the file: a name, an ARN, or ''.
        file: sagemaker.toml.
        environment: the process's own.
    """
    line = f'role = "{name}"'
    if present in (name, arn):
        return RoleSetting("names this role already")
    if environment.get(ROLE_VARIABLE):
        return RoleSetting(f"{ROLE_VARIABLE} names another role; unset it, with {line} in {file.name}, for this one")
    text = with_role(file.read_text(encoding="utf-8"), name)
    if text is None:
        return RoleSetting(f"{file.name} names another role; for this one: {line}")
    return RoleSetting(f"{line} is written into {file.name}", text)


def with_role(text: str, name: str) -> str | None:
    """sagemaker.toml with the role in the place of an empty one, its comment where it was; None where there is none."""
    found = re.search(r'^role = ""( *)', text, re.MULTILINE)
    if not found:
        return None
    spaces = found[1] and " " * max(len(found[1]) - len(name), 1)
    return f'{text[: found.start()]}role = "{name}"{spaces}{text[found.end() :]}'


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
