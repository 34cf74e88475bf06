"""How long CloudWatch keeps log lines: for ever, at a price, unless a group says otherwise.

The groups of the endpoint and of its inference component are the project's. Those of jobs are the whole account's, so
that what they keep is only decided where nothing has written to them yet, and none of them is ever taken back.
https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from typing import Any

from scripts.account.step import Step, as_pairs, bootstrap_tags, has_tags
from scripts.aws.clients import Aws, Call
from scripts.aws.log_tail import TRAINING_GROUP, TRANSFORM_GROUP, component_group, endpoint_group
from scripts.aws.policy_documents import Places
from scripts.config.names import endpoint, inference_component

KEPT_DAYS = 90
_SHARED = (TRAINING_GROUP, TRANSFORM_GROUP)


def log_group_steps(aws: Aws, places: Places) -> list[Step]:
    own = [endpoint_group(endpoint(places.prefix))]
    if aws.settings.scales_to_zero:
        own.append(_components_group(places))
    tags = bootstrap_tags(places.prefix)
    return [*(_step(aws, one, tags) for one in own), *(_step(aws, one) for one in _SHARED)]


def removal_calls(aws: Aws, places: Places, stays: list[str]) -> list[Call]:
    """The calls that remove those of the project's groups that bootstrap made. stays: gets nothing."""
    logs, found = aws.client("logs"), []
    for name in (endpoint_group(endpoint(places.prefix)), _components_group(places)):
        if _find_group(logs, name) is None:
            continue
        arn = f"arn:{places.partition}:logs:{places.region}:{places.account}:log-group:{name}"
        if has_tags(as_pairs(logs.list_tags_for_resource(resourceArn=arn)["tags"]), places.prefix):
            found.append(Call("logs", "DeleteLogGroup", {"logGroupName": name}))
    return found


def _components_group(places: Places) -> str:
    return component_group(inference_component(places.prefix))


def _step(aws: Aws, name: str, tags: dict[str, str] | None = None) -> Step:
    """tags: of a group that is the project's own; None for one that is the account's."""
    retention = Call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": KEPT_DAYS})
    found = _find_group(aws.client("logs"), name)
    if found is None:
        create = Call("logs", "CreateLogGroup", {"logGroupName": name, **({"tags": tags} if tags else {})})
        return Step("log group", name, f"keeps lines for {KEPT_DAYS} days", (create, retention))
    if days := found.get("retentionInDays"):
        return Step("log group", name, f"is there, and keeps lines for {days} days")
    if tags is None:
        by_hand = f"aws logs put-retention-policy --log-group-name {name} --retention-in-days {KEPT_DAYS}"
        says = f"is there, keeps lines for ever, is the whole account's, and stays as it is; to change that: {by_hand}"
        return Step("log group", name, says)
    return Step("log group", name, f"is there; lines that are older than {KEPT_DAYS} days go", (retention,))


def _find_group(logs: Any, name: str) -> dict[str, Any] | None:
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return next((one for page in pages for one in page["logGroups"] if one["logGroupName"] == name), None)
