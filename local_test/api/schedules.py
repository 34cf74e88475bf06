"""EventBridge Scheduler's schedules, as far as they are here: one call, at a time, that ends something of SageMaker's.

That is what ends an endpoint at night. Whoever may create a schedule may be a container, and the call is made by the
service: one that starts something, or reads files, would be made with rights that the container does not have.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from moto.iam.models import iam_backends

from local_test.api.errors import NotHere, ValidationException
from local_test.host.emulator_settings import ACCOUNT

SCHEDULER = "scheduler.amazonaws.com"
CHECKED = ("CreateSchedule", "UpdateSchedule")
_TARGET = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:sagemaker:(?P<operation>(?:delete|stop)[A-Z]\w*)")
_ONCE = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


@dataclass(frozen=True)
class PlannedCall:
    """operation: of SageMaker's API, `DeleteEndpoint`. moment: with its zone."""

    operation: str
    request: dict[str, Any]
    moment: datetime


def planned_call(expression: str, zone: str | None, target: Mapping[str, Any]) -> PlannedCall:
    """What a schedule does, and when. Raises NotHere for a schedule that is not here, and ValidationException.

    Args:
        expression: `at(2026-11-30T17:20:00)`.
        zone: of the expression; None for UTC.
        target: Arn and Input of CreateSchedule's Target.
    """
    found = _TARGET.fullmatch(str(target.get("Arn", "")))
    if not found:
        raise NotHere(
            f"The local scheduler does not have the target {target.get('Arn')}: it makes calls that end something, as "
            "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint does. Send this request to AWS instead."
        )
    if re.match(r"(rate|cron)\(", expression):
        raise NotHere(
            f"The local scheduler does not have {expression}: its schedules are kept once, at(yyyy-mm-ddThh:mm:ss). "
            "Send this request to AWS instead."
        )
    operation = found["operation"][0].upper() + found["operation"][1:]
    return PlannedCall(operation, _input(target), _moment(expression, zone or "UTC"))


def check_schedule(body: Mapping[str, Any]) -> None:
    """Of CreateSchedule or UpdateSchedule. Raises ApiError."""
    expression, target, window = (body.get(name) for name in ("ScheduleExpression", "Target", "FlexibleTimeWindow"))
    if not (isinstance(expression, str) and isinstance(target, dict) and isinstance(window, dict)):
        raise ValidationException("ScheduleExpression, Target and FlexibleTimeWindow must be given.")
    if window.get("Mode") not in ("OFF", "FLEXIBLE"):
        raise ValidationException("FlexibleTimeWindow.Mode must be OFF or FLEXIBLE.")
    planned_call(expression, body.get("ScheduleExpressionTimezone"), target)
    if not _may_assume(str(target.get("RoleArn", ""))):
        raise ValidationException(
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        )


def _moment(expression: str, zone: str) -> datetime:
    found = _ONCE.fullmatch(expression)
    try:
        if found:
            moment = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(
                tzinfo=UTC if zone == "UTC" else ZoneInfo(zone)
            )
            return moment.astimezone(UTC)
    except ValueError:
        pass
    except KeyError:  # ZoneInfoNotFoundError
        raise ValidationException(f"Invalid Schedule Expression Timezone {zone}.") from None
    raise ValidationException(f"Invalid Schedule Expression {expression}.")


def _input(target: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(target.get("Input") or "{}")
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise ValidationException("Invalid RequestJson provided: the target's Input must be a JSON object.")
    return found


def _may_assume(arn: str) -> bool:
    """Whether Scheduler may assume the role, by its trust policy."""
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    role = next((one for one in roles if one.arn == arn), None)
    if role is None:
        return False
    policy = role.assume_role_policy_document
    document = json.loads(unquote(policy)) if isinstance(policy, str) else policy
    statements = document.get("Statement", [])
    for one in statements if isinstance(statements, list) else [statements]:
        principal = one.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if one.get("Effect") == "Allow" and SCHEDULER in ([services] if isinstance(services, str) else services):
            return True
    return False
