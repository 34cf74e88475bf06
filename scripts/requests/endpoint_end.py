"""CreateSchedule of the call that deletes the endpoint at a time, and the role with which Scheduler makes it.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
"""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from scripts.config.names import endpoint, project_tags
from scripts.console.failure import Failure

SCHEDULER = "scheduler.amazonaws.com"
_LIFETIME = r"(?:(?P<days>\d{1,3})d)?(?:(?P<hours>\d{1,4})h)?(?:(?P<minutes>\d{1,5})m)?"
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=365)


def lifetime(text: str) -> timedelta:
    """`4h`, `90m`, `1d12h`. Raises Failure for anything else."""
    found = re.fullmatch(_LIFETIME, text.strip())
    parts = {name: int(count) for name, count in found.groupdict(default="0").items()} if found else {}
    span = timedelta(**parts)
    if not _SHORTEST <= span <= _LONGEST:
        raise Failure(
            f"--for {text} is no time from a minute to a year. Write days, hours and minutes: 4h, 90m, 1d12h."
        )
    return span


def schedule_name(prefix: str) -> str:
    return f"{prefix}-ends"


def role_name(prefix: str) -> str:
    """Of the role that may do nothing but delete the endpoint."""
    return f"{prefix}-ends-endpoint"


def schedule_request(prefix: str, *, moment: datetime, role_arn: str) -> dict[str, Any]:
    """CreateSchedule's request, and UpdateSchedule's. moment: UTC. The schedule removes itself once it has been kept.

    An endpoint that is being updated at that time takes no deletion: Scheduler asks again for a day, as it does by
    itself.
    """
    partition = role_arn.split(":")[1]
    return {
        "Name": schedule_name(prefix),
        "Description": f"Deletes the endpoint {endpoint(prefix)}, as `deploy --for` asked",
        "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": f"arn:{partition}:scheduler:::aws-sdk:sagemaker:deleteEndpoint",
            "RoleArn": role_arn,
            "Input": json.dumps({"EndpointName": endpoint(prefix)}),
        },
    }


def role_request(prefix: str) -> dict[str, Any]:
    """CreateRole's request: a role that Scheduler alone takes on. There is no condition: CreateSchedule refuses a role
    with some of them, and this one can do nothing but delete the endpoint.
    """
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": SCHEDULER},
        "Action": "sts:AssumeRole",
    }
    return {
        "RoleName": role_name(prefix),
        "Description": f"EventBridge Scheduler deletes the endpoint {endpoint(prefix)} with it",
        "AssumeRolePolicyDocument": _policy(trust),
        "Tags": project_tags(prefix),
    }


def role_policy_request(prefix: str, *, endpoint_arn: str) -> dict[str, Any]:
    """PutRolePolicy's request."""
    allowed = {"Effect": "Allow", "Action": "sagemaker:DeleteEndpoint", "Resource": endpoint_arn}
    return {
        "RoleName": role_name(prefix),
        "PolicyName": "delete-endpoint",
        "PolicyDocument": _policy(allowed),
    }


def moment_of(schedule: dict[str, Any]) -> datetime | None:
    """When the endpoint is deleted, UTC. schedule: GetSchedule's answer. None for a schedule of another form."""
    found = re.fullmatch(r"at\((.+)\)", schedule.get("ScheduleExpression", ""))
    try:
        return datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S") if found else None
    except ValueError:
        return None


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
