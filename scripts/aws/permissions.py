"""Which actions each verb needs, and which the execution role needs, each with a resource that it is about: read from
the policy documents, as what IAM's simulation is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scripts.aws.policy_documents import OPTIONAL, VERBS, Places, listed, policy_document

ANY = "*"
SOME = "doctor"  # takes the place of what a pattern leaves open: the simulation is about one resource
PASS_ROLE = "iam:PassRole"


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
