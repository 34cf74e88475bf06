"""Blue/green deployment of an endpoint's update: a DeploymentConfig as steps, each with the new fleet's share of the
traffic and the time that it is watched; and the shifting of the traffic.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from local_test.serving.fleet import Fleet
from local_test.serving.live_endpoint import Deployment
from local_test.serving.router import Router

FEWEST_TO_SHIFT = 2  # instances, for a part of the traffic to be shifted
SECONDS_BETWEEN_LOOKS = 0.5  # at the alarms
IN_ALARM = "ALARM"
SUPPORTED = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": None,
            "WaitIntervalInSeconds": None,
            "CanarySize": {"Type": None, "Value": None},
            "LinearStepSize": {"Type": None, "Value": None},
        },
        "TerminationWaitInSeconds": None,
        "MaximumExecutionTimeoutInSeconds": None,
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": None}]},
}


@dataclass(frozen=True)
class Step:
    """share: of the traffic, 0 to 1, that the new fleet gets. seconds: to watch it before the next step."""

    share: float
    seconds: float


@dataclass(frozen=True)
class DeploymentPlan:
    """termination_wait: seconds that the old fleet stays after the last step. most_seconds: for all of it, None for no
    limit.

    alarms: names; one of them in ALARM rolls the update back.
    """

    steps: tuple[Step, ...] = (Step(1.0, 0.0),)
    termination_wait: float = 0.0
    most_seconds: float | None = None
    alarms: tuple[str, ...] = ()


class RolledBack(RuntimeError):
    """Why the new fleet is not taken."""


def plan_deployment(config: dict[str, Any] | None, instances: int) -> DeploymentPlan:
    """config: DeploymentConfig of the request. instances: of the new fleet. Raises ValueError for what AWS refuses."""
    if not config:
        return DeploymentPlan()
    alarms = tuple(alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", []))
    policy = config.get("BlueGreenUpdatePolicy")
    if policy is None:
        return DeploymentPlan(alarms=alarms)
    return DeploymentPlan(
        steps=_steps(policy["TrafficRoutingConfiguration"], instances),
        termination_wait=policy.get("TerminationWaitInSeconds", 0),
        most_seconds=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def shift_traffic(
    router: Router, incoming: Fleet, plan: DeploymentPlan, deployment: Deployment, account: str, region: str
) -> None:
    """Give the incoming fleet its shares, step by step. Returns when it has all of the traffic and every wait is over.

    Raises RolledBack when an alarm goes off or the deployment is given up; the traffic is then as the last step left
    it."""
    for share, seconds in [*((step.share, step.seconds) for step in plan.steps), (1.0, plan.termination_wait)]:
        _watch(incoming, plan, deployment, account, region, 0)
        router.shift(incoming, share)
        _watch(incoming, plan, deployment, account, region, seconds)


def unknown_alarms(names: Iterable[str], account: str, region: str) -> list[str]:
    """Those that CloudWatch does not have. It is moto's, in this process; any client of the service sets states."""
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name not in known]


def alarms_that_went_off(names: Iterable[str], account: str, region: str) -> list[str]:
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name in known and known[name].state_value == IN_ALARM]


def _steps(routing: dict[str, Any], instances: int) -> tuple[Step, ...]:
    kind, seconds = routing["Type"], routing["WaitIntervalInSeconds"]
    if kind != "ALL_AT_ONCE" and instances < FEWEST_TO_SHIFT:
        raise ValueError(
            f"TrafficRoutingConfiguration of type {kind} needs at least {FEWEST_TO_SHIFT} instances, and the endpoint "
            f"would have {instances}. Give the variant more, or take ALL_AT_ONCE."
        )
    if kind == "CANARY":
        share = _share(routing, "CanarySize", instances)
        if share > 0.5:
            raise ValueError("CanarySize is at most 50% of the new fleet's capacity.")
        return Step(share, seconds), Step(1.0, seconds)
    if kind == "LINEAR":
        share = _share(routing, "LinearStepSize", instances)
        if not 0.1 <= share <= 0.5:
            raise ValueError("LinearStepSize is from 10% to 50% of the new fleet's capacity.")
        shares = [share * count for count in range(1, 11) if share * count < 1 - 1e-9]
        return tuple(Step(one, seconds) for one in [*shares, 1.0])
    return (Step(1.0, seconds),)


def _share(routing: dict[str, Any], field: str, instances: int) -> float:
    size = routing.get(field)
    if size is None:
        raise ValueError(f"TrafficRoutingConfiguration of type {routing['Type']} needs {field}.")
    return size["Value"] / (100 if size["Type"] == "CAPACITY_PERCENT" else instances)


def _watch(
    incoming: Fleet, plan: DeploymentPlan, deployment: Deployment, account: str, region: str, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        if deployment.cancelled.is_set():
            raise RolledBack(deployment.reason)
        if death := incoming.death():
            raise RolledBack(death)
        if rung := alarms_that_went_off(plan.alarms, account, region):
            raise RolledBack(f"The update was rolled back: the CloudWatch alarm {', '.join(rung)} went off.")
        left = deadline - time.monotonic()
        if left <= 0:
            return
        deployment.cancelled.wait(min(left, SECONDS_BETWEEN_LOOKS) if plan.alarms else left)
