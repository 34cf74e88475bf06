"""A budget that mails when what the project's tag is on costs too much.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html
"""

from typing import Any

from botocore.exceptions import ClientError

from scripts.account.step import Step, as_pairs, bootstrap_tags
from scripts.aws.clients import Aws, Call
from scripts.aws.policy_documents import Places
from scripts.config.names import project_tags
from scripts.console.failure import error_code, is_denied

TAGS = "https://us-east-1.console.aws.amazon.com/billing/home#/tags"
_NOTIFICATIONS = {"ACTUAL": 80, "FORECASTED": 100}  # percent of the limit


def budget_name(prefix: str) -> str:
    return f"{prefix}-bootstrap"


def budget_step(aws: Aws, places: Places, email: str | None, dollars: float) -> Step:
    """Args:
    email: who gets the mails; None: no budget is made.
    dollars: a month.
    """
    name = budget_name(places.prefix)
    try:
        found = _find_budget(aws, places)
    except ClientError as error:
        if email or not is_denied(error):
            raise
        found = None
    if found:
        limit = found["BudgetLimit"]
        says = f"is there: {float(limit['Amount']):g} {limit['Unit']} a month; the limit and who gets mail stay"
        return Step("budget", name, says)
    if email is None:
        return Step("budget", name, "none is made without --email ADDRESS, which gets mail when costs are high")
    says = (
        f"mails {email} when the project costs {_NOTIFICATIONS['ACTUAL']} % of {dollars:g} USD in a month, and when it "
        "is about to cost more"
    )
    [tag] = project_tags(places.prefix)
    then = (
        f"Budgets counts by the tag {tag['Key']}, once it is a cost allocation tag: a day after the first push, "
        f"activate it at {TAGS}"
    )
    return Step(
        "budget", name, says, (Call("budgets", "CreateBudget", creation_request(places, email, dollars)),), then
    )


def creation_request(places: Places, email: str, dollars: float) -> dict[str, Any]:
    subscribers = [{"SubscriptionType": "EMAIL", "Address": email}]
    return {
        "AccountId": places.account,
        "Budget": {
            "BudgetName": budget_name(places.prefix),
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": f"{dollars:.2f}", "Unit": "USD"},
            "CostFilters": _filters(places),
        },
        "NotificationsWithSubscribers": [
            {
                "Notification": {
                    "NotificationType": kind,
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": percent,
                    "ThresholdType": "PERCENTAGE",
                },
                "Subscribers": subscribers,
            }
            for kind, percent in _NOTIFICATIONS.items()
        ],
        "ResourceTags": as_pairs(bootstrap_tags(places.prefix)),
    }


def removal_calls(aws: Aws, places: Places, stays: list[str]) -> list[Call]:
    """The call that removes the budget, when it is bootstrap's: of its name, and about its tag. stays: gets nothing."""
    found = _find_budget(aws, places)
    if found is None or found.get("CostFilters") != _filters(places):
        return []
    request = {"AccountId": places.account, "BudgetName": budget_name(places.prefix)}
    return [Call("budgets", "DeleteBudget", request)]


def _filters(places: Places) -> dict[str, list[str]]:
    return {"TagKeyValue": [f"user:{tag['Key']}${tag['Value']}" for tag in project_tags(places.prefix)]}


def _find_budget(aws: Aws, places: Places) -> dict[str, Any] | None:
    request = {"AccountId": places.account, "BudgetName": budget_name(places.prefix)}
    try:
        return aws.client("budgets").describe_budget(**request)["Budget"]
    except ClientError as error:
        if error_code(error) == "NotFoundException":
            return None
        raise
