"""make status: what runs costs so much an hour, and has come to so much."""

import time

import pytest

from scripts import status
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.things_there import Account

HOUR = 3600


@pytest.fixture
def account(sagemaker, aws, bucket, price_list):
    """An endpoint of 2 instances for 3 hours, a training job of 2 for half an hour, and a transform job not begun."""
    found, now = Account(sagemaker), time.time()
    found.jobs = {
        "TrainingJob": {"dogbreed-train-x": "InProgress", "dogbreed-train-y": "Completed"},
        "TransformJob": {"dogbreed-transform-20261122-185200-123": "InProgress"},
        "HyperParameterTuningJob": {"dogbreed-tune-x": "InProgress"},
    }
    machines = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2}
    trials = [
        {"TrainingStartTime": now - HOUR, "TrainingEndTime": now - HOUR / 2},
        {"TrainingStartTime": now - HOUR / 2},
        {},
    ]
    endpoint = found.describe_endpoint
    sagemaker.answers |= {
        "DescribeEndpoint": lambda request: endpoint(request) | {"CreationTime": now - 3 * HOUR},
        "DescribeEndpointConfig": {
            "ProductionVariants": [{"VariantName": "AllTraffic", "InstanceType": "ml.g4dn.xlarge"}]
        },
        "DescribeTrainingJob": {"ResourceConfig": machines, "TrainingStartTime": now - HOUR / 2},
        "DescribeTransformJob": {"TransformResources": machines},
        "ListHyperParameterTuningJobs": lambda request: found.list_jobs("HyperParameterTuningJob", request),
        "DescribeHyperParameterTuningJob": {"TrainingJobDefinition": {"ResourceConfig": machines}},
        "ListTrainingJobsForHyperParameterTuningJob": {
            "TrainingJobSummaries": [
                {
                    "TrainingJobName": f"dogbreed-tune-x-{number:03}-1a2b3c4d",
                    "TrainingJobArn": "a",
                    "CreationTime": now - HOUR,
                    "TrainingJobStatus": "InProgress",
                    "TunedHyperParameters": {},
                    **one,
                }
                for number, one in enumerate(trials)
            ]
        },
    }
    return found


def rows(capsys) -> dict[str, str]:
    """By kind, the first of each."""
    lines = [line for line in capsys.readouterr().out.splitlines() if "dogbreed" in line]
    return {line.split("  ")[0]: line for line in reversed(lines)}


def test_what_runs_is_told_with_its_price_and_what_it_has_come_to(account, price_list, capsys):
    assert status.main([]) == 0
    shown = rows(capsys)
    assert shown["endpoint"].endswith("by the hour, 2 instances, 2.00 USD an hour, about 6.00 USD so far")
    assert shown["training job"].endswith("until it ends, 1.60 USD an hour, about 0.80 USD so far")
    assert shown["transform job"].endswith("1.80 USD an hour, about 0.00 USD so far")
    assert shown["tuning job"].endswith("until it ends, 1.60 USD an hour, about 1.60 USD so far")
    assert len(price_list.calls) == 1, "what one answer said of an instance type is kept"


def test_without_a_price_it_is_told_how_it_costs_and_nobody_is_asked_again(account, price_list, capsys):
    price_list.answers["GetProducts"] = Refusal("AccessDeniedException", "No.")
    assert status.main([]) == 0
    assert rows(capsys)["endpoint"].endswith("by the hour, 2 instances")
    assert len(price_list.calls) == 1


def test_a_description_that_is_refused_leaves_the_row(account, sagemaker, capsys):
    sagemaker.answers["DescribeEndpointConfig"] = Refusal("AccessDeniedException", "No.")
    assert status.main([]) == 0
    assert rows(capsys)["endpoint"].endswith("by the hour, 2 instances")


def test_where_costs_are_not_to_be_said_the_table_has_none(account, price_list, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_COSTS_SAY", "false")
    assert status.main([]) == 0
    shown = capsys.readouterr().out
    assert "USD" not in shown and "by the hour" not in shown and "money" not in shown
    assert "endpoint" in shown and price_list.calls == []


def test_a_table_of_much_that_runs_asks_about_a_few(account, sagemaker, capsys):
    account.jobs["TrainingJob"] = {f"dogbreed-train-{number}": "InProgress" for number in range(40)}
    assert status.main([]) == 0
    asked = [operation for operation, _ in sagemaker.calls if operation == "DescribeTrainingJob"]
    assert 0 < len(asked) <= 10
