"""The autoscaling of the endpoint: the calls that set what the settings want, and that take back an earlier one."""

import sys
from collections.abc import Iterable
from typing import Any

from scripts.aws.clients import Aws, Call
from scripts.aws.endpoints import registered_targets
from scripts.config.settings import Settings
from scripts.requests.autoscaling import (
    policy_request,
    register_request,
    scalable_target,
    wake_alarm_request,
    wake_policy_request,
)
from scripts.requests.instances import preferred_types, types_of_variant

SERVICE = "application-autoscaling"


def taking_back_calls(aws: Aws, endpoint: dict[str, Any] | None, *, is_anew: bool) -> list[Call]:
    """The calls that take back the autoscaling of an earlier deploy, when it is not wanted any more or when it would
    keep the endpoint from changing its instance type.

    Args:
        endpoint: its description, None without one.
        is_anew: whether what is scaled is removed and made again.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    settings, targets = aws.settings, registered_targets(aws)
    if endpoint is not None and targets and settings.autoscaling.max_instances and not is_anew:
        config = aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        stays = all(types_of_variant(one) == preferred_types(settings.deploy) for one in config["ProductionVariants"])
        targets = [one for one in targets if not stays or one != scalable_target(settings)]
    return [Call(SERVICE, "DeregisterScalableTarget", one) for one in targets]


def scaling_calls(settings: Settings) -> list[Call]:
    """The calls that set the autoscaling that the settings want, once the endpoint is in service."""
    if not settings.autoscaling.max_instances:
        return []
    calls = [
        Call(SERVICE, "RegisterScalableTarget", register_request(settings)),
        Call(SERVICE, "PutScalingPolicy", policy_request(settings)),
    ]
    if settings.autoscaling.min_instances == 0:
        calls += [
            Call(SERVICE, "PutScalingPolicy", wake_policy_request(settings)),
            _wake_alarm_call(settings, "the PolicyARN that PutScalingPolicy answers"),
        ]
    return calls


def set_scaling(aws: Aws, calls: Iterable[Call]) -> None:
    """Make the calls of `scaling_calls`, each with a line on stderr."""
    made: dict[str, Any] = {}
    for call in calls:
        if call.operation == "PutMetricAlarm":
            call = _wake_alarm_call(aws.settings, made["PolicyARN"])
        made = aws.make(call)
        subject = call.request.get("PolicyName") or call.request.get("AlarmName") or call.request["ResourceId"]
        print(f"{call.operation}: {subject}", file=sys.stderr)


def _wake_alarm_call(settings: Settings, policy_arn: str) -> Call:
    return Call("cloudwatch", "PutMetricAlarm", wake_alarm_request(settings, policy_arn))
