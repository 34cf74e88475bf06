"""What a policy document allows, as IAM decides it for a user without any other policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re

from scripts.aws.policy_documents import listed


def allows(policy: dict, action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    """context: values of condition keys. Knows Allow with StringEquals, which is all that the documents have."""
    return any(
        matches(listed(statement["Action"]), action)
        and matches(listed(statement["Resource"]), resource)
        and _holds(statement.get("Condition", {}), context or {})
        for statement in policy["Statement"]
    )


def actions_of(policy: dict) -> set[str]:
    return {action for statement in policy["Statement"] for action in listed(statement["Action"])}


def matches(patterns: list[str], text: str) -> bool:
    """`*` and `?` stand for anything, `${*}` for itself."""
    return any(re.fullmatch(_regex(pattern), text, re.DOTALL) for pattern in patterns)


def _regex(pattern: str) -> str:
    parts = re.split(r"(\$\{[*?$]\}|[*?])", pattern)
    return "".join({"*": ".*", "?": "."}.get(part) or re.escape(re.sub(r"^\$\{(.)\}$", r"\1", part)) for part in parts)


def _holds(condition: dict, context: dict[str, str]) -> bool:
    assert set(condition) <= {"StringEquals"}, condition
    return all(context.get(key) in listed(wanted) for key, wanted in condition.get("StringEquals", {}).items())
