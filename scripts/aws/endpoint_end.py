"""The endpoint's end, where `deploy --for` set one: a schedule on AWS, which is kept with this machine switched off."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from scripts.aws.clients import Aws, Call
from scripts.aws.inventory import Thing
from scripts.aws.waiting import moments
from scripts.config.names import endpoint
from scripts.console.failure import Failure, error_code, explain, is_denied
from scripts.requests.endpoint_end import (
    SCHEDULER,
    moment_of,
    role_name,
    role_policy_request,
    role_request,
    schedule_name,
    schedule_request,
)

SECONDS_TO_KNOW = 60.0  # for a role that was just made to be known to Scheduler: IAM is eventually consistent


def find_schedule(aws: Aws) -> dict[str, Any] | None:
    """GetSchedule's answer; None when the endpoint has no end of its own, or the region no Scheduler. It raises
    ClientError where one may not ask.
    """
    try:
        return aws.client("scheduler").get_schedule(Name=schedule_name(aws.settings.prefix))
    except EndpointConnectionError:
        return None
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise


def schedules(aws: Aws) -> list[Thing]:
    """The endpoint's end: one, or none."""
    found = find_schedule(aws)
    if found is None:
        return []
    when = moment_of(found)
    does = f"deletes {endpoint(aws.settings.prefix)} at {in_words(when)}" if when else found["ScheduleExpression"]
    return [Thing("schedule", found["Name"], does, found.get("CreationDate"), "")]


def delete_schedule_call(prefix: str) -> Call:
    return Call("scheduler", "DeleteSchedule", {"Name": schedule_name(prefix)})


def end_calls(aws: Aws, moment: datetime | None) -> list[Call]:
    """The calls that give the endpoint this end, or take away an earlier one. moment: UTC; None for no end.

    One who may not see schedules is told so, and taken to have none.
    """
    prefix = aws.settings.prefix
    try:
        present = find_schedule(aws)
    except ClientError as error:
        if not is_denied(error):
            raise
        print(f"warning: the endpoint is taken to have no end that --for set. {explain(error)}", file=sys.stderr)
        present = None
    if moment is None:
        return [delete_schedule_call(prefix)] if present else []
    partition = aws.identity["Arn"].split(":")[1]
    role_arn = f"arn:{partition}:iam::{aws.account}:role/{role_name(prefix)}"
    endpoint_arn = f"arn:{partition}:sagemaker:{aws.region}:{aws.account}:endpoint/{endpoint(prefix)}"
    request = schedule_request(prefix, moment=moment, role_arn=role_arn)
    return [
        Call("iam", "CreateRole", role_request(prefix)),
        Call("iam", "PutRolePolicy", role_policy_request(prefix, endpoint_arn=endpoint_arn)),
        Call("scheduler", "UpdateSchedule", request) if present else Call("scheduler", "CreateSchedule", request),
    ]


class EndMaker:
    """Makes these calls. A role that is there already, which an administrator may have made, is used as it is."""

    def __init__(self, aws: Aws):
        self._aws = aws
        self._role_is_new = False
        self._denied: ClientError | None = None

    def make(self, call: Call) -> None:
        """Raises Failure that says what is missing, and how to go on without."""
        if call.service == "iam":
            self._make_role(call)
        elif call.operation == "DeleteSchedule":
            with suppress(self._aws.client("scheduler").exceptions.ResourceNotFoundException):  # kept meanwhile
                self._aws.make(call)
            print("the endpoint keeps running: the end that an earlier --for set is taken back", file=sys.stderr)
        else:
            self._make_schedule(call)

    def _make_role(self, call: Call) -> None:
        try:
            self._aws.make(call)
            self._role_is_new = True
        except ClientError as error:
            if error_code(error) in ("EntityAlreadyExists", "NoSuchEntity"):
                return
            if not is_denied(error):
                raise
            if call.operation == "PutRolePolicy" and self._role_is_new:  # without it the end would not come
                raise self._without(call.request["RoleName"], error) from error
            self._denied = self._denied or error  # an administrator may have made the role

    def _make_schedule(self, call: Call) -> None:
        for passed in moments():
            try:
                self._aws.make(call)
                return
            except ClientError as error:
                hidden = error_code(error) == "ConflictException" and call.operation == "CreateSchedule"
                if hidden:  # there is one that these credentials may not see
                    call = Call("scheduler", "UpdateSchedule", call.request)
                    continue
                about_role = error_code(error) == "ValidationException" and "role" in str(error)
                if about_role and self._role_is_new and passed < SECONDS_TO_KNOW:
                    continue
                if about_role or is_denied(error):
                    raise self._without(role_name(self._aws.settings.prefix), self._denied or error) from error
                raise

    def _without(self, role: str, error: ClientError) -> Failure:
        return Failure(
            f"The endpoint cannot be given an end: {explain(error)} It needs the role {role}, which {SCHEDULER} may "
            "assume and which may sagemaker:DeleteEndpoint; you need scheduler:CreateSchedule and iam:PassRole on it. "
            "No endpoint was created: deploy without --for, or have whoever administers the account allow this."
        )


def in_words(moment: datetime) -> str:
    """moment: UTC. `2026-11-30 17:20 UTC`"""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def now() -> datetime:
    """UTC, without a zone: as Scheduler's expressions have it."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
