"""make deploy ARGS="--for 4h": the endpoint is deleted by AWS itself, by a schedule that goes with it."""

import json
from datetime import UTC, datetime, timedelta

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import delete, deploy, status
from scripts.aws import endpoint_end
from scripts.console.failure import Failure
from scripts.requests.endpoint_end import lifetime, schedule_request
from tests.scripts.conftest import ROLE
from tests.scripts.deploy.endpoint import NOTHING, states
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.service_model import problems

FOUR_HOURS = ["--for", "4h"]


@pytest.fixture
def schedules(ready, aws):
    """schedules() -> the account's, as GetSchedule tells them."""
    scheduler = aws.client("scheduler")

    def look():
        return [scheduler.get_schedule(Name=one["Name"]) for one in scheduler.list_schedules()["Schedules"]]

    return look


def when(schedule) -> datetime:
    return datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)


@pytest.fixture
def refusing(monkeypatch):
    """What AWS refuses, code and message by operation, and the operations that were asked for."""
    real, refused, calls = botocore.client.BaseClient._make_api_call, {}, []

    def call(client, operation, request):
        calls.append(operation)
        if operation in refused:
            code, message = refused[operation]
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return refused, calls


DENIED = ("AccessDeniedException", "No.")
NO_ROLE = (
    "ValidationException",
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
)


def test_the_endpoint_gets_an_end_that_needs_nobody(schedules, aws, capsys):
    before = datetime.now(UTC)
    assert deploy.main(FOUR_HOURS) == 0
    [made] = schedules()
    assert timedelta(hours=3.99) < when(made) - before < timedelta(hours=4.01)
    assert made["ScheduleExpressionTimezone"] == "UTC" and made["ActionAfterCompletion"] == "DELETE"
    assert made["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
    assert json.loads(made["Target"]["Input"]) == {"EndpointName": "dogbreed"}
    shown = capsys.readouterr()
    assert f"the endpoint is deleted at {when(made):%Y-%m-%d %H:%M} UTC, or by make delete" in shown.out
    assert "The endpoint is deleted after 4 hours." in shown.err


def test_its_role_is_schedulers_alone_and_may_delete_this_endpoint_alone(schedules, aws):
    assert deploy.main(FOUR_HOURS) == 0
    [made] = schedules()
    name = made["Target"]["RoleArn"].rpartition("/")[2]
    role = aws.client("iam").get_role(RoleName=name)["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert role["Tags"] == [{"Key": "project", "Value": "dogbreed"}]
    policy = aws.client("iam").get_role_policy(RoleName=name, PolicyName="delete-endpoint")["PolicyDocument"]
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sagemaker:DeleteEndpoint",
            "Resource": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/dogbreed",
        }
    ]


def test_another_deploy_sets_another_end_and_one_without_takes_it_back(schedules, ready, capsys):
    assert deploy.main(FOUR_HOURS) == 0
    [first] = schedules()
    ready.answers["DescribeEndpoint"] = states(ready, ["InService"])
    assert deploy.main(["--for", "1d12h"]) == 0
    [second] = schedules()
    assert when(second) - when(first) > timedelta(hours=31)
    capsys.readouterr()
    assert deploy.main([]) == 0
    assert schedules() == []
    assert "the end that an earlier --for set is taken back" in capsys.readouterr().err


def test_status_tells_until_when_and_delete_takes_the_schedule_away(schedules, ready, capsys):
    assert deploy.main(FOUR_HOURS) == 0
    [made] = schedules()
    ready.answers |= {"ListModels": {"Models": []}, "ListEndpointConfigs": {"EndpointConfigs": []}}
    capsys.readouterr()
    assert status.main([]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"schedule dogbreed-ends deletes dogbreed at {when(made):%Y-%m-%d %H:%M} UTC" in shown
    ready.answers["DeleteEndpoint"] = lambda request: ready.answers.update(DescribeEndpoint=NOTHING) or {}
    assert delete.main(["--yes"]) == 0
    assert "DeleteSchedule  dogbreed-ends" in capsys.readouterr().out and schedules() == []


def test_an_endpoint_that_stays_keeps_its_end(schedules, ready):
    assert deploy.main(FOUR_HOURS) == 0
    ready.answers |= {
        "ListModels": {"Models": []},
        "ListEndpointConfigs": {"EndpointConfigs": []},
        "DeleteEndpoint": Refusal("ValidationException", "Not now."),
    }
    assert delete.main(["--yes"]) == 1
    assert len(schedules()) == 1


def test_an_endpoint_that_was_refused_leaves_no_end_for_a_later_one(schedules, ready):
    ready.answers["CreateEndpoint"] = Refusal("ResourceLimitExceeded", "The limit is 0.")
    assert deploy.main(FOUR_HOURS) == 1
    assert schedules() == []


def test_a_dry_run_shows_the_schedule_and_makes_nothing(schedules, aws, capsys):
    assert deploy.main([*FOUR_HOURS, "--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [one["operation"] for one in calls][:3] == ["CreateRole", "PutRolePolicy", "CreateSchedule"]
    for one in calls:
        assert problems(one["service"], one["operation"], one["request"]) == []
    assert schedules() == [] and aws.client("iam").list_roles()["Roles"] == []


@pytest.mark.parametrize("operation", ["CreateSchedule", "PutRolePolicy"])
def test_without_the_permission_nothing_is_created_and_the_way_out_is_said(ready, refusing, operation, capsys):
    refused, _ = refusing
    refused[operation] = DENIED
    assert deploy.main(FOUR_HOURS) == 1
    said = capsys.readouterr().err
    assert f"The endpoint cannot be given an end: AWS refused {operation}" in said and "deploy without --for" in said
    assert "dogbreed-ends-endpoint" in said and ready.made() == []


def test_a_role_that_an_administrator_made_is_used_by_one_who_may_make_none(schedules, refusing):
    refused, _ = refusing
    refused.update(CreateRole=("AccessDenied", "No."), PutRolePolicy=("AccessDenied", "No."))
    assert deploy.main(FOUR_HOURS) == 0
    assert len(schedules()) == 1


def test_where_there_is_no_role_and_none_may_be_made_it_is_that_refusal_that_is_told(ready, refusing, capsys):
    refused, _ = refusing
    refused.update(CreateRole=("AccessDenied", "No."), PutRolePolicy=("AccessDenied", "No."), CreateSchedule=NO_ROLE)
    assert deploy.main(FOUR_HOURS) == 1
    assert "AWS refused CreateRole: No" in capsys.readouterr().err and ready.made() == []


def test_a_role_that_was_just_made_is_waited_for(schedules, refusing, monkeypatch):
    refused, calls = refusing
    refused["CreateSchedule"] = NO_ROLE

    def pauses():
        yield 0.0
        yield 1.0
        del refused["CreateSchedule"]
        yield 2.0

    monkeypatch.setattr(endpoint_end, "moments", pauses)
    assert deploy.main(FOUR_HOURS) == 0
    assert calls.count("CreateSchedule") == 3 and len(schedules()) == 1


def test_a_schedule_that_one_may_not_see_is_said_and_replaced(schedules, refusing, capsys):
    assert deploy.main(FOUR_HOURS) == 0
    [first] = schedules()
    refused, _ = refusing
    refused["GetSchedule"] = DENIED
    assert deploy.main(["--for", "8h"]) == 0
    assert "is taken to have no end that --for set. AWS refused GetSchedule" in capsys.readouterr().err
    del refused["GetSchedule"]
    [second] = schedules()
    assert when(second) > when(first)


@pytest.mark.parametrize("text", ["", "4", "4hours", "0m", "2h30", "-4h", "366d", "h"])
def test_a_time_that_is_none_is_a_sentence(text):
    with pytest.raises(Failure, match=r"from a minute to a year\. Write days, hours and minutes: 4h, 90m, 1d12h"):
        lifetime(text)


def test_times_are_written_in_days_hours_and_minutes():
    assert lifetime("4h") == timedelta(hours=4) and lifetime("90m") == timedelta(minutes=90)
    assert lifetime("1d12h30m") == timedelta(days=1, hours=12, minutes=30)


def test_another_partition_has_targets_of_its_own():
    request = schedule_request(
        "dogs", moment=datetime(2026, 11, 30, 17, 20), role_arn=ROLE.replace("arn:aws:", "arn:aws-cn:")
    )
    assert request["ScheduleExpression"] == "at(2026-11-30T17:20:00)"
    assert (
        request["Target"]["Arn"].startswith("arn:aws-cn:scheduler:::")
        and problems("scheduler", "CreateSchedule", request) == []
    )
