"""Statuses of a job's debugger rules. Pure functions.

AWS evaluates a rule in an image of its own, on the tensors that the job saves. That image is not to be had here: a
rule's status is what the training program found of the rule of that name, which it leaves in
/opt/ml/output/data/rules.json; a program that leaves nothing about it has an Error, with the reason.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DebugRuleEvaluationStatus.html"""

import json
from typing import Any

NOT_RUN = (
    "The local SageMaker does not run rule images, and the training program left no result of this rule in "
    "/opt/ml/output/data/rules.json."
)
# Field of the request -> field of the description.
RULES = {
    "DebugRuleConfigurations": "DebugRuleEvaluationStatuses",
    "ProfilerRuleConfigurations": "ProfilerRuleEvaluationStatuses",
}
STATUSES = {
    "NoIssuesFound": "NoIssuesFound",
    "IssuesFound": "IssuesFound",
    "Error": "Error",
    "InProgress": "Stopped",
}  # at the program's end -> at the job's
OTHER_NAMES = {"StalledTrainingRule": "StalledTraining"}  # AWS's -> the program's
MAX_DETAILS = 1024  # characters


def before_the_end(rules: list[dict[str, Any]], now: float) -> list[dict[str, Any]]:
    """rules: DebugRuleConfigurations or ProfilerRuleConfigurations of a request. now: seconds since 1970."""
    return [_status(rule, "InProgress", None, now) for rule in rules]


def at_the_end(rules: list[dict[str, Any]], results: str | None, now: float) -> list[dict[str, Any]]:
    """results: the text of rules.json, `{"rules": [{"name": "Overfit", "status": "IssuesFound", "sentence": "..."},
    ...]}`; None without one.
    """
    found = _read(results)
    return [_status(rule, *found.get(_name(rule), ("Error", NOT_RUN)), now) for rule in rules]


def _read(results: str | None) -> dict[str, tuple[str, str | None]]:
    try:
        read = {
            one["name"]: (one["status"], one.get("sentence")) for one in json.loads(results or '{"rules": []}')["rules"]
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return {name: (STATUSES[status], sentence) for name, (status, sentence) in read.items() if status in STATUSES}


def _name(rule: dict[str, Any]) -> str:
    """As the program's results have it."""
    name = rule.get("RuleParameters", {}).get("rule_to_invoke", "")
    return OTHER_NAMES.get(name, name)


def _status(rule: dict[str, Any], status: str, details: str | None, now: float) -> dict[str, Any]:
    return {
        "RuleConfigurationName": rule["RuleConfigurationName"],
        "RuleEvaluationStatus": status,
        **({"StatusDetails": str(details)[:MAX_DETAILS]} if details else {}),
        "LastModifiedTime": now,
    }
