"""make train: the quota is asked and the costs are said before anything is created, and nobody is waited for."""

import threading
import time

import pytest

from scripts import train
from scripts.aws import before_creation
from tests.scripts.account_services import TRAINING, quotas_are
from tests.scripts.sagemaker_stand_in import Refusal


def test_a_quota_that_is_too_small_is_said_before_anything_is_created(quotas, ready, capsys):
    quotas.answers["GetServiceQuota"] = quotas_are(0)
    assert train.main([]) == 1
    said = capsys.readouterr().err
    assert f"error: The quota `{TRAINING}` is 0 in eu-west-1, and 1 is wanted. Ask for at least 1: https://" in said
    assert ready.made() == []


def test_what_the_job_costs_an_hour_and_at_most_is_said(offices, ready, capsys):
    assert train.main([]) == 0
    assert "ml.g4dn.xlarge costs 0.80 USD an hour, at most 4.80 USD in all." in capsys.readouterr().err
    assert ready.made() == ["CreateTrainingJob"]


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("AccessDeniedException", "No."),
        Refusal("TooManyRequestsException", "Slower.", 429),
        Refusal("ThrottlingException", "Slower."),
        Refusal("UnknownOperationException", "The local SageMaker does not have it."),
        Refusal("ServiceException", "A fault.", 500),
    ],
    ids=lambda one: one.code,
)
def test_an_account_that_does_not_tell_is_gone_on_with_in_silence(offices, ready, refusal, capsys):
    offices["service-quotas"].answers["GetServiceQuota"] = refusal
    offices["pricing"].answers["GetProducts"] = refusal
    assert train.main([]) == 0
    said = capsys.readouterr().err
    assert "quota" not in said and refusal.message not in said
    assert "ml.g4dn.xlarge costs by the hour, together at most 6 hours of one instance." in said
    assert [len(one.calls) for one in offices.values()] == [1, 1], "each is asked once"


def test_no_service_at_the_address_is_no_answer(offices, ready, monkeypatch):
    for name in ("SERVICE_QUOTAS", "PRICING"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", "http://127.0.0.1:9")
    assert train.main([]) == 0


def test_one_who_hangs_is_not_waited_for(offices, ready, monkeypatch):
    monkeypatch.setattr(before_creation, "SECONDS_FOR_ANSWERS", 0.2)
    released = threading.Event()

    def hang(request):
        released.wait(20)
        return {}

    offices["service-quotas"].answers["GetServiceQuota"] = offices["pricing"].answers["GetProducts"] = hang
    started = time.monotonic()
    try:
        assert train.main([]) == 0
        assert time.monotonic() - started < 10
    finally:
        released.set()


def test_a_dry_run_asks_nobody(offices, ready):
    assert train.main(["--dry-run"]) == 0
    assert [one.calls for one in offices.values()] == [[], []]


def test_where_costs_are_not_to_be_said_none_are_asked_for(offices, ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_COSTS_SAY", "false")
    assert train.main([]) == 0
    said = capsys.readouterr()
    assert "cost" not in said.err + said.out and offices["pricing"].calls == []
    assert len(offices["service-quotas"].calls) == 1


def test_a_fault_of_ours_is_not_taken_for_silence(offices, ready, monkeypatch):
    def faulty(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(before_creation, "price_of", faulty)
    with pytest.raises(ZeroDivisionError):
        train.main([])


def test_what_runs_is_looked_at_and_one_who_may_not_look_goes_on(quotas, ready, capsys):
    quotas.answers["GetServiceQuota"] = quotas_are(2)
    running = {
        "TrainingJobName": "another",
        "TrainingJobArn": "a",
        "CreationTime": 1,
        "TrainingJobStatus": "InProgress",
    }
    machines = {"ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2}}
    mine = ready.answers["DescribeTrainingJob"]
    ready.answers |= {
        "ListTrainingJobs": {"TrainingJobSummaries": [running]},
        "DescribeTrainingJob": lambda request: machines if request["TrainingJobName"] == "another" else mine(request),
    }
    assert train.main([]) == 0
    assert "is 2 in eu-west-1, of which 2 in use, and 1 is wanted: AWS may refuse it." in capsys.readouterr().err
    ready.answers["ListTrainingJobs"] = Refusal("AccessDeniedException", "No.")
    assert train.main([]) == 0
    assert "quota" not in capsys.readouterr().err
