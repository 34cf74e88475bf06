"""EventBridge Scheduler here: a call that ends something of SageMaker's is made at its time, once."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.scheduler.models import scheduler_backends

from local_test.api.access import Access
from local_test.api.callers import own_hosts
from local_test.api.errors import ValidationException
from local_test.api.front import Front
from local_test.api.http_server import HttpServer
from local_test.api.moto_services import MotoServices
from local_test.api.other_services import OtherServices, replayed
from local_test.api.sagemaker_api import SageMakerApi
from local_test.api.schedule_keeper import AGAIN, ScheduleKeeper
from local_test.host.emulator_settings import ACCOUNT
from local_test.storage.journal import Journal
from scripts.requests import endpoint_end
from tests.local_test.api.signing import KEY, find

DELETE_ENDPOINT = "arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint"
TRUST = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
START = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Scheduler:
    """A front with moto behind it, and a keeper whose clock a test sets. made: the calls that it made."""

    def __init__(self, folder):
        self.journal, self.now, self.made, self.refusals = Journal(folder / "journal.jsonl"), START, [], 0
        access = Access(find)
        others = OtherServices(MotoServices(), self, self, self.journal)
        regions = {"us-east-1": SimpleNamespace(api=SageMakerApi(), runtime=None)}
        self.server = HttpServer(Front(access, regions, None, others, KEY.id), access.examine, 0)
        access.hosts = own_hosts(self.server.port)
        self.server.start()
        self.keeper = self.new_keeper()
        self.scheduler, iam = self.client("scheduler"), self.client("iam")
        self.role = self.new_role(iam, "ends", TRUST)
        self.another_role = self.new_role(
            iam, "works", {**TRUST, "Principal": {"Service": ["sagemaker.amazonaws.com", "ec2.amazonaws.com"]}}
        )

    def flush(self):
        """Of an object store, which these requests do not need."""

    def new_keeper(self):
        return ScheduleKeeper(self.call, self.journal, lambda: self.now)

    def new_role(self, iam, name, statement):
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        try:
            return iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
        except iam.exceptions.EntityAlreadyExistsException:
            return iam.get_role(RoleName=name)["Role"]["Arn"]

    def call(self, region, operation, request):
        self.made.append((region, operation, request))
        if self.refusals:
            self.refusals -= 1
            raise ValidationException("Cannot update in-progress endpoint.")

    def client(self, service):
        return boto3.session.Session().client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.server.port}",
            region_name="us-east-1",
            aws_access_key_id=KEY.id,
            aws_secret_access_key=KEY.secret,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def request(self, hours=4.0, **changes):
        target = {"Arn": DELETE_ENDPOINT, "RoleArn": self.role, "Input": '{"EndpointName": "dogs"}'}
        return {
            "Name": "dogs-ends",
            "ScheduleExpression": f"at({START + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {**target, **changes.pop("Target", {})},
            **changes,
        }

    def create(self, hours=4.0, **changes):
        return self.scheduler.create_schedule(**self.request(hours, **changes))

    def names(self):
        return [one["Name"] for one in self.scheduler.list_schedules()["Schedules"]]

    def after(self, **time):
        self.now = START + timedelta(**time)
        self.keeper.keep_due()
        return self.made


@pytest.fixture
def local(tmp_path):
    scheduler_backends.pop(ACCOUNT, None)
    made = Scheduler(tmp_path)
    yield made
    made.server.stop()
    scheduler_backends.pop(ACCOUNT, None)


CALL = ("us-east-1", "DeleteEndpoint", {"EndpointName": "dogs"})


def test_the_call_is_made_at_its_time_and_the_schedule_removes_itself(local):
    local.create()
    assert local.after(hours=3.9) == [] and local.names() == ["dogs-ends"]
    assert local.after(hours=4) == [CALL] and local.names() == []
    assert local.after(hours=5) == [CALL]


def test_a_time_zone_is_the_schedules(local):
    local.create(ScheduleExpressionTimezone="Europe/Berlin")  # an hour before UTC in winter
    assert local.after(hours=3) == [CALL]


def test_a_call_that_is_refused_is_made_again_until_it_is_taken(local):
    local.create()
    local.refusals = 2
    assert len(local.after(hours=4)) == 1 and len(local.after(hours=4, seconds=AGAIN.total_seconds() - 1)) == 1
    assert len(local.after(hours=4, seconds=AGAIN.total_seconds())) == 2 and local.names() == ["dogs-ends"]
    assert len(local.after(hours=4, seconds=2 * AGAIN.total_seconds())) == 3 and local.names() == []


def test_a_call_that_is_refused_is_given_up_as_the_retry_policy_says(local):
    local.create(Target={"RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 600}})
    local.refusals = 9
    for minute in range(4):
        local.after(hours=4, minutes=minute)
    assert len(local.made) == 2 and local.names() == []


def test_a_schedule_that_was_moved_or_switched_off_is_kept_as_it_is_now(local):
    local.create()
    local.scheduler.update_schedule(**local.request(hours=8))
    assert local.after(hours=4) == [] and local.after(hours=8) == [CALL]
    local.made.clear()
    local.create(State="DISABLED")
    assert local.after(hours=99) == []


def test_one_that_was_taken_back_is_not_kept(local):
    local.create()
    local.scheduler.delete_schedule(Name="dogs-ends")
    assert local.after(hours=5) == []


def test_one_that_does_not_remove_itself_is_kept_once(local):
    local.create(ActionAfterCompletion="NONE")
    local.after(hours=4)
    assert local.after(hours=6) == [CALL] and local.names() == ["dogs-ends"]
    local.keeper = local.new_keeper()  # after a restart
    local.keeper.start()
    local.keeper.stop()
    assert local.after(hours=7) == [CALL]


def test_a_restart_brings_back_what_is_still_to_come_and_nothing_else(local):
    local.create()
    local.create(hours=9, Name="later-ends")
    assert local.after(hours=4) == [CALL]
    local.create(hours=12)  # of the same name as the one that was kept
    scheduler_backends.pop(ACCOUNT)
    local.journal.replay(replayed(MotoServices()))
    assert sorted(local.names()) == ["dogs-ends", "later-ends"]
    local.keeper = local.new_keeper()
    assert local.after(hours=8) == [CALL]
    assert local.after(hours=13) == [CALL] * 3


def test_a_thread_keeps_them(local):
    local.create()
    local.now = START + timedelta(hours=5)
    local.keeper.start()
    try:
        for _ in range(200):
            if local.made:
                break
            local.keeper._ended.wait(0.05)
        assert local.made == [CALL]
    finally:
        local.keeper.stop()


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (
            {"Target": {"Arn": "arn:aws:lambda:us-east-1:1:function:f"}},
            "UnknownOperationException",
            "as arn:aws:scheduler",
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob"}},
            "UnknownOperationException",
            "does not have the target",
        ),
        ({"ScheduleExpression": "rate(5 minutes)"}, "UnknownOperationException", "kept once, at(yyyy-mm-ddThh:mm:ss)"),
        ({"ScheduleExpression": "cron(0 20 * * ? *)"}, "UnknownOperationException", "Send this request to AWS instead"),
        ({"ScheduleExpression": "at(tomorrow)"}, "ValidationException", "Invalid Schedule Expression at(tomorrow)."),
        ({"ScheduleExpression": "at(2026-13-01T00:00:00)"}, "ValidationException", "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "ValidationException", "Timezone Mars/Olympus"),
        ({"FlexibleTimeWindow": {"Mode": "SOMETIMES"}}, "ValidationException", "OFF or FLEXIBLE"),
        ({"Target": {"Input": "dogs"}}, "ValidationException", "must be a JSON object"),
        (
            {"Target": {"RoleArn": "arn:aws:iam::123456789012:role/nobody"}},
            "ValidationException",
            "must allow AWS EventBridge Scheduler to assume the role",
        ),
    ],
)
def test_what_aws_refuses_or_is_not_here_is_refused(local, changes, code, said):
    for ask in (local.scheduler.create_schedule, local.scheduler.update_schedule):
        with pytest.raises(ClientError) as refused:
            ask(**local.request(**changes))
        error = refused.value.response["Error"]
        assert error["Code"] == code and said in error["Message"]
    assert local.names() == []


def test_a_role_that_scheduler_may_not_assume_is_refused_as_aws_refuses_it(local):
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        local.create(Target={"RoleArn": local.another_role})


def test_a_schedule_that_is_there_or_is_not_is_told_as_aws_tells_it(local):
    with pytest.raises(local.scheduler.exceptions.ResourceNotFoundException):
        local.scheduler.get_schedule(Name="dogs-ends")
    local.create()
    with pytest.raises(local.scheduler.exceptions.ConflictException):
        local.create()
    assert local.scheduler.get_schedule(Name="dogs-ends")["Target"]["Arn"] == DELETE_ENDPOINT


def test_a_request_that_names_another_operation_beside_its_path_is_refused(local):
    def named_twice(params, **_):
        params["url"] += "?Action=CreateScheduleGroup"

    local.scheduler.meta.events.register("before-call.scheduler.ListSchedules", named_twice)
    with pytest.raises(ClientError, match="names its operation in more than one way"):
        local.scheduler.list_schedules()


def test_what_deploy_for_asks_for_is_taken_and_kept(local):
    """The role is named in the schedule by its ARN, which the scripts put together themselves."""
    iam, role = local.client("iam"), f"arn:aws:iam::{ACCOUNT}:role/{endpoint_end.role_name('dogs')}"
    iam.create_role(**endpoint_end.role_request("dogs"))
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/dogs"
    iam.put_role_policy(**endpoint_end.role_policy_request("dogs", endpoint_arn=arn))
    moment = (START + timedelta(hours=4)).replace(tzinfo=None)
    local.scheduler.create_schedule(**endpoint_end.schedule_request("dogs", moment=moment, role_arn=role))
    assert endpoint_end.moment_of(local.scheduler.get_schedule(Name="dogs-ends")) == moment
    assert local.after(hours=4) == [CALL] and local.names() == []
    iam.delete_role_policy(RoleName=endpoint_end.role_name("dogs"), PolicyName="delete-endpoint")
    iam.delete_role(RoleName=endpoint_end.role_name("dogs"))
