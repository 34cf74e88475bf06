"""Shifting an endpoint's traffic to its new fleet, watched.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

import time
from collections.abc import Iterable

from moto.cloudwatch.models import cloudwatch_backends

from local_test.serving.deployment_plan import DeploymentPlan
from local_test.serving.fleet import Fleet
from local_test.serving.live_endpoint import Deployment
from local_test.serving.router import Router

SECONDS_BETWEEN_LOOKS = 0.5  # at the alarms
IN_ALARM = "ALARM"


class RolledBack(RuntimeError):
    """Why the new fleet is not taken."""


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


def unknown_alarms(names: Iterable[str], account: str, region: str) -> list[str]:
    """Those that CloudWatch does not have. It is moto's, in this process; any client of the service sets states."""
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name not in known]


def alarms_that_went_off(names: Iterable[str], account: str, region: str) -> list[str]:
    known = cloudwatch_backends[account][region].alarms
    return [name for name in names if name in known and known[name].state_value == IN_ALARM]
