"""A DeploymentConfig as steps: how much of the traffic the new fleet gets, and how long that is watched.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from dataclasses import dataclass
from typing import Any

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
FEWEST_TO_SHIFT = 2  # instances, for a part of the traffic to be shifted
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
