"""Warm pools: instances that wait for another job at their price are listed, with until when, and ended."""

import json
import time
from datetime import UTC, datetime

import pytest

from scripts import delete, status
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.things_there import Account

POOL = "dogbreed-train-y"
HOUR = 3600
ENDED = 1_800_000_000.0
UNTIL = datetime.fromtimestamp(ENDED + HOUR, UTC).strftime("kept until %Y-%m-%d %H:%M UTC")
MACHINES = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "KeepAlivePeriodInSeconds": HOUR}


@pytest.fixture
def account(sagemaker, aws, bucket, monkeypatch):
    """A job that has ended, with a pool of two instances for an hour."""
    monkeypatch.setattr(delete, "SECONDS_OF_POOLS", 0.05)
    account = Account(sagemaker)
    account.pools, account.pool_ended = {POOL}, ENDED
    sagemaker.answers["DescribeTrainingJob"] = lambda request: {
        **account.describe_job("TrainingJob", request),
        "ResourceConfig": MACHINES,
        "TrainingEndTime": account.pool_ended,
    }
    return account


def row(capsys) -> str:
    [found] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warm pool")]
    return found


def ended_pools(sagemaker) -> list[str]:
    return [request["TrainingJobName"] for operation, request in sagemaker.calls if operation == "UpdateTrainingJob"]


def test_a_pool_is_listed_with_until_when_and_what_it_has_come_to(account, price_list, capsys):
    account.pool_ended = time.time() - HOUR / 2
    assert status.main([]) == 0
    shown = row(capsys)
    assert POOL in shown and "kept until 20" in shown
    assert shown.endswith("while it waits for a job, 1.60 USD an hour, about 0.80 USD so far")


def test_delete_ends_a_pool_and_sees_that_it_is_gone(account, sagemaker, capsys):
    assert delete.main(["--yes"]) == 0
    assert ended_pools(sagemaker) == [POOL]
    shown = capsys.readouterr().out
    assert f"UpdateTrainingJob  {POOL}" in shown and "nothing of dogbreed runs" in shown


def test_a_pool_that_stays_is_no_end_of_costs(account, sagemaker, capsys):
    sagemaker.answers["UpdateTrainingJob"] = {"TrainingJobArn": "a"}
    assert delete.main(["--yes"]) == 1
    shown = capsys.readouterr()
    assert "warm pool" in shown.out.splitlines()[-1] and "still there: run `make delete` again" in shown.err


def test_a_pool_that_may_not_be_ended_is_told_with_until_when(account, sagemaker, capsys):
    sagemaker.answers["UpdateTrainingJob"] = Refusal("AccessDeniedException", "No.")
    assert delete.main(["--yes"]) == 1
    said = capsys.readouterr().err
    assert "AWS refused UpdateTrainingJob" in said and f"The warm pool of {POOL} is {UNTIL}." in said


def test_a_pool_whose_job_may_not_be_described_is_listed_all_the_same(account, sagemaker, capsys):
    sagemaker.answers["DescribeTrainingJob"] = Refusal("AccessDeniedException", "No.")
    assert status.main([]) == 0
    assert "kept for at most 6 hours" in row(capsys)


def test_the_pool_of_a_job_with_a_hundred_newer_ones_is_found(account, sagemaker, capsys):
    old = "dogbreed-train-000"
    account.jobs["TrainingJob"] = {f"dogbreed-train-{number:03}": "Completed" for number in range(150)}
    account.pools = {old}

    def page(request):
        """A page is cut first, and filtered then."""
        wanted = account.list_jobs("TrainingJob", request)["TrainingJobSummaries"]
        found = account.list_jobs("TrainingJob", {})["TrainingJobSummaries"][::-1]
        found = [one for one in found if request["NameContains"] in one["TrainingJobName"]]
        start = int(request.get("NextToken", 0))
        more = {"NextToken": str(start + 100)} if len(found) > start + 100 else {}
        return {"TrainingJobSummaries": [one for one in found[start : start + 100] if one in wanted], **more}

    sagemaker.answers["ListTrainingJobs"] = page
    assert status.main([]) == 0
    assert old in row(capsys)
    assert delete.main(["--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [one["request"]["TrainingJobName"] for one in calls if one["operation"] == "UpdateTrainingJob"] == [old]


def test_a_filter_that_the_server_does_not_know_makes_no_pools(account, sagemaker, capsys):
    account.pools = set()
    jobs = account.list_jobs("TrainingJob", {})
    sagemaker.answers["ListTrainingJobs"] = jobs
    assert status.main([]) == 0
    assert "warm pool" not in capsys.readouterr().out
