"""Which actions each verb needs, and which the execution role needs, each with a resource that it is about: read from
the policy documents. And which of them a user or a role lacks: IAM simulates that, without doing anything.

IAM's simulation knows the policies of the user or role and its permissions boundary; what buckets and keys add, or an
organization forbids, it may not know. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.aws.policy_documents import OPTIONAL, VERBS, Places, listed, policy_document
from scripts.console.parallel import in_parallel

ANY = "*"
SOME = "doctor"  # takes the place of what a pattern leaves open: the simulation is about one resource
PASS_ROLE = "iam:PassRole"
PASSED_TO = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyType": "string",
    "ContextKeyValues": ["sagemaker.amazonaws.com"],
}
THREADS = 8


@dataclass(frozen=True, order=True)
class Permission:
    """action: as `s3:GetObject`. resource: an ARN, or ANY."""

    action: str
    resource: str


def needed(name: str, places: Places) -> frozenset[Permission]:
    """What the verb of this policy document, or the role of it, cannot do without."""
    return frozenset(
        Permission(action, resource if resource == ANY else resource.replace("*", SOME))
        for statement in policy_document(name, places)["Statement"]
        if not statement["Sid"].startswith(OPTIONAL)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    )


def of_verbs(places: Places) -> dict[str, frozenset[Permission]]:
    """By verb, what it cannot do without."""
    return {verb: needed(verb, places) for verb in VERBS}


def by_resource(permissions: Iterable[Permission]) -> dict[str, list[str]]:
    """ARN -> the actions that are about it."""
    found: dict[str, list[str]] = {}
    for one in sorted(set(permissions)):
        found.setdefault(one.resource, []).append(one.action)
    return found


def lacking(denied: Iterable[Permission], places: Places) -> Mapping[str, list[str]]:
    """Verb -> which of the denied actions it needs; only verbs that lack any."""
    without = set(denied)
    found = {verb: sorted({one.action for one in wanted & without}) for verb, wanted in of_verbs(places).items()}
    return {verb: actions for verb, actions in found.items() if actions}


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
