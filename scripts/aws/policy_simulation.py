"""What IAM says that a user or a role may do, without doing it.

The simulation knows the policies of the user or role and its permissions boundary; what buckets and keys add, or an
organization forbids, it may not know. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.aws.permissions import PASS_ROLE, Permission, by_resource
from scripts.console.parallel import in_parallel

THREADS = 8
PASSED_TO = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyType": "string",
    "ContextKeyValues": ["sagemaker.amazonaws.com"],
}


def denied(iam: Any, principal: str, permissions: Iterable[Permission]) -> frozenset[Permission]:
    """Those of the permissions that the principal does not have. principal: ARN of a user or a role.

    Raises ClientError where these credentials may not ask.
    """

    def ask(one: tuple[str, list[str]]) -> list[Permission]:
        resource, about = one
        context = [PASSED_TO] if PASS_ROLE in about else []
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=principal, ActionNames=about, ResourceArns=[resource], ContextEntries=context
        )
        refused = denied_of([result for page in pages for result in page["EvaluationResults"]])
        return [Permission(action, resource) for action in refused]

    found = in_parallel(ask, by_resource(permissions).items(), THREADS)
    return frozenset(permission for some in found for permission in some)


def denied_of(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """results: EvaluationResults of IAM. A policy that asks for what the simulation was not told decides nothing."""
    return [
        one["EvalActionName"]
        for one in results
        if one["EvalDecision"] != "allowed" and not one.get("MissingContextValues")
    ]


def role_of_session(arn: str) -> str | None:
    """`arn:aws:sts::1:assumed-role/Name/session` -> `Name`, which says nothing of the role's path; None for others."""
    found = re.fullmatch(r"arn:[^:]+:sts::\d+:assumed-role/([^/]+)/.*", arn)
    return found[1] if found else None
