"""make delete and make status: everything that the prefix has, and nothing of anyone else."""

import json

import pytest
from botocore.exceptions import ClientError

from scripts import delete, status
from scripts.aws import inventory
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.things_there import OURS, Account, put_alarm


@pytest.fixture
def account(sagemaker, aws, bucket):
    for key in ("dogbreed/data/train/A/x.jpg", "dogbreed/jobs/model.tar.gz", "dogbreed-house/data/y.jpg"):
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x" * 1000)
    for name in ("dogbreed-train", "dogbreed-serve", "dogbreed-house-train"):
        aws.client("ecr").create_repository(repositoryName=name)
    return Account(sagemaker)


REMOVED = [
    ("StopTrainingJob", {"TrainingJobName": "dogbreed-train-x"}),
    ("DeleteEndpoint", {"EndpointName": "dogbreed"}),
    ("DeleteEndpointConfig", {"EndpointConfigName": OURS}),
    ("DeleteModel", {"ModelName": OURS}),
]


def made(sagemaker) -> list:
    return [call for call in sagemaker.calls if not call[0].startswith(("Describe", "List"))]


def test_what_the_prefix_made_goes_and_what_others_made_stays(account, sagemaker, aws, bucket, capsys):
    assert delete.main(["--yes"]) == 0
    assert made(sagemaker) == REMOVED
    shown = capsys.readouterr().out
    assert "DeleteEndpoint  dogbreed" in shown and "house" not in shown
    assert "stays: the images in dogbreed-train and dogbreed-serve" in shown and "--images" in shown
    assert "stays: 2 objects in s3://some-bucket/dogbreed/" in shown and "--data" in shown
    assert len(aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]) == 3
    assert len(aws.client("ecr").describe_repositories()["repositories"]) == 3


def test_data_and_images_go_when_they_are_asked_for(account, aws, bucket):
    assert delete.main(["--yes", "--data", "--images"]) == 0
    assert [one["Key"] for one in aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == [
        "dogbreed-house/data/y.jpg"
    ]
    assert [one["repositoryName"] for one in aws.client("ecr").describe_repositories()["repositories"]] == [
        "dogbreed-house-train"
    ]


def test_autoscaling_goes_before_the_endpoint(account, sagemaker, aws, capsys):
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/dogbreed/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    aws.client("application-autoscaling").register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    assert delete.main(["--dry-run"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [call["operation"] for call in calls][:3] == [
        "DeregisterScalableTarget",
        "StopTrainingJob",
        "DeleteEndpoint",
    ]
    assert delete.main(["--yes"]) == 0
    assert (
        aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        == []
    )


@pytest.mark.parametrize("answer", ["n", "", EOFError])
def test_nothing_goes_without_a_yes(account, sagemaker, monkeypatch, capsys, answer):
    def ask(prompt):
        if answer is EOFError:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", ask)
    assert delete.main([]) == 1
    shown = capsys.readouterr()
    assert "nothing was removed" in shown.out and "DeleteEndpoint  dogbreed" in shown.out
    assert made(sagemaker) == []


def test_a_yes_is_enough(account, sagemaker, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    assert delete.main([]) == 0
    assert made(sagemaker) == REMOVED


def test_a_dry_run_prints_the_requests_and_removes_nothing(account, sagemaker, aws, bucket, capsys):
    assert delete.main(["--dry-run", "--data", "--images"]) == 0
    calls = json.loads(capsys.readouterr().out)
    assert [(call["operation"], call["request"]) for call in calls][:4] == REMOVED
    assert [call["operation"] for call in calls][4:] == ["DeleteRepository", "DeleteRepository", "DeleteObjects"]
    assert made(sagemaker) == [] and len(aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]) == 3


def test_what_is_refused_does_not_keep_the_rest_and_is_not_called_removed(account, sagemaker, capsys):
    sagemaker.answers["DeleteEndpointConfig"] = Refusal("ValidationException", "Cannot delete it now.")
    assert delete.main(["--yes"]) == 1
    assert made(sagemaker) == REMOVED
    shown = capsys.readouterr()
    assert (
        f"error: {OURS}: AWS refused DeleteEndpointConfig" in shown.err and "1 of 4 could not be removed" in shown.err
    )
    assert "\nremoved\n" not in shown.out


def test_an_endpoint_that_stays_keeps_its_config_its_model_its_image_and_its_data(
    account, sagemaker, aws, bucket, capsys
):
    sagemaker.answers["DeleteEndpoint"] = Refusal("ValidationException", "Cannot delete an endpoint that is Creating.")
    assert delete.main(["--yes", "--data", "--images"]) == 1
    assert made(sagemaker) == REMOVED[:2]
    assert len(aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]) == 3
    assert len(aws.client("ecr").describe_repositories()["repositories"]) == 3
    assert "error: dogbreed: AWS refused DeleteEndpoint" in capsys.readouterr().err


@pytest.mark.parametrize("operation", ["ListTrainingJobs", "ListModels", "ListEndpointConfigs"])
def test_what_these_credentials_may_not_see_keeps_nothing_else_and_is_said(account, sagemaker, operation, capsys):
    sagemaker.answers[operation] = Refusal("AccessDeniedException", "No.")
    assert delete.main(["--yes"]) == 1
    assert ("DeleteEndpoint", {"EndpointName": "dogbreed"}) in made(sagemaker)
    assert f"AWS refused {operation}" in (said := capsys.readouterr().err) and "may go on costing money" in said
    assert status.main([]) == 0
    shown = capsys.readouterr()
    assert f"AWS refused {operation}" in shown.err and "dogbreed" in shown.out


def test_images_and_objects_that_may_not_be_seen_do_not_keep_the_endpoint(account, sagemaker, monkeypatch, capsys):
    def denied(aws):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "ListObjectsV2")

    monkeypatch.setattr(inventory, "stored_keys", denied)
    monkeypatch.setattr(inventory, "repositories", denied)
    monkeypatch.setattr(delete, "registered_targets", lambda aws: [])
    assert delete.main(["--yes"]) == 0
    assert made(sagemaker) == REMOVED
    assert capsys.readouterr().err.count("not all can be shown") == 2


def test_the_alarm_that_wakes_an_endpoint_goes_with_it(account, sagemaker, aws, capsys):
    for name in ("dogbreed-wake", "dogbreed-house-wake"):
        put_alarm(aws, name)
    assert delete.main(["--yes"]) == 0
    assert "DeleteAlarms  dogbreed-wake" in capsys.readouterr().out
    assert [one["AlarmName"] for one in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]] == [
        "dogbreed-house-wake"
    ]


def test_a_warm_pool_that_a_stopped_job_leaves_is_ended_too(account, sagemaker):
    account.keeps_alive = True
    assert delete.main(["--yes"]) == 0
    ending = {"TrainingJobName": "dogbreed-train-x", "ResourceConfig": {"KeepAlivePeriodInSeconds": 0}}
    assert made(sagemaker) == [*REMOVED, ("UpdateTrainingJob", ending)]


def test_status_of_500_jobs_asks_little_and_misses_no_running_one(account, sagemaker, aws, capsys):
    """AWS throttles lists, and answers 100 names at a time."""
    jobs = {f"dogbreed-train-{number:03}": "Completed" for number in range(500)}
    account.jobs["TrainingJob"] = jobs | {"dogbreed-train-499": "InProgress", "dogbreed-train-498": "Stopping"}

    def page(request):
        found = account.list_jobs("TrainingJob", request)["TrainingJobSummaries"]
        found = [one for one in found if request["NameContains"] in one["TrainingJobName"]]
        start = int(request.get("NextToken", 0))
        more = {"NextToken": str(start + 100)} if len(found) > start + 100 else {}
        return {"TrainingJobSummaries": found[start : start + request["MaxResults"]], **more}

    sagemaker.answers["ListTrainingJobs"] = page
    assert status.main([]) == 0
    shown = capsys.readouterr().out
    assert len(sagemaker.calls) < 15
    assert "dogbreed-train-499" in shown and "dogbreed-train-498" in shown and "dogbreed-train-009" in shown
    assert "dogbreed-train-010" not in shown
    sagemaker.calls.clear()
    assert delete.main(["--dry-run"]) == 0
    assert len(sagemaker.calls) < 15
    stopped = [one["request"] for one in json.loads(capsys.readouterr().out) if one["operation"] == "StopTrainingJob"]
    assert stopped == [{"TrainingJobName": "dogbreed-train-499"}]


@pytest.mark.parametrize("changing", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
@pytest.mark.parametrize("end", ["InService", "Failed", None])
def test_an_endpoint_that_is_changing_is_deleted_when_that_is_over(account, sagemaker, capsys, changing, end):
    account.endpoint = changing
    looked = []

    def describe(request):
        looked.append(account.endpoint)
        if looked.count(changing) == 3 and account.endpoint == changing:
            assert "DeleteEndpoint" not in sagemaker.made()
            account.endpoint = end
        return account.describe_endpoint(request)

    sagemaker.answers["DescribeEndpoint"] = describe
    assert delete.main(["--yes"]) == 0
    assert ("DeleteEndpoint" in sagemaker.made()) and sagemaker.made().index("StopTrainingJob") == 0
    told = capsys.readouterr().err
    assert told.count(f"endpoint dogbreed: {changing}. It can be deleted when that is over") == 1


def test_ctrl_c_while_it_waits_says_what_goes_on(account, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(delete, "wait_until_gone", interrupted)
    assert delete.main(["--yes"]) == 130
    assert "run `make delete` again" in capsys.readouterr().err


def test_an_empty_account_is_nothing_to_remove(sagemaker, aws, capsys):
    account = Account(sagemaker)
    account.endpoint, account.versions = None, {"Models": [], "EndpointConfigs": []}
    account.jobs = {"TrainingJob": {}, "TransformJob": {}}
    assert delete.main([]) == 0
    assert "dogbreed has nothing in eu-west-1 that is to be removed" in capsys.readouterr().out
    assert status.main([]) == 0
    assert "dogbreed has nothing in eu-west-1" in capsys.readouterr().out


def test_status_marks_what_costs_money(account, capsys):
    assert status.main([]) == 0
    shown = capsys.readouterr().out
    rows = {
        line.split("  ")[0] + " " + name: line
        for line in shown.splitlines()
        for name in line.split()
        if "dogbreed" in name
    }
    assert rows["endpoint dogbreed"].endswith("by the hour, 2 instances")
    assert rows["training job dogbreed-train-x"].endswith("until it ends")
    assert rows["training job dogbreed-train-y"].endswith("1970-01-01 00:00")
    assert rows[f"model {OURS}"].endswith("1970-01-01 00:00")
    assert rows["S3 s3://some-bucket/dogbreed/"].endswith("storage")
    assert "house" not in shown and "somebody" not in shown
    assert "4 of these cost money: `make delete`" in shown


TUNING, FEATURES, TRIAL = "dogbreed-tune-x", "dogbreed-features-20261122-185200-123", "dogbreed-tune-x-001-1a2b3c4d"


@pytest.fixture
def tuning_account(sagemaker, aws, bucket):
    account = Account(sagemaker)
    account.jobs["TrainingJob"] = {
        FEATURES: "InProgress",
        TRIAL: "InProgress",
        "dogbreed-tune-x-002-1a2b3c4d": "Completed",
    }
    account.jobs["HyperParameterTuningJob"] = {
        TUNING: "InProgress",
        "dogbreed-tune-y": "Completed",
        "dogbreed-house-tune-x": "InProgress",
    }
    sagemaker.answers |= {
        "ListHyperParameterTuningJobs": lambda request: account.list_jobs("HyperParameterTuningJob", request),
        "DescribeHyperParameterTuningJob": lambda request: account.describe_job("HyperParameterTuningJob", request),
        "StopHyperParameterTuningJob": lambda request: account.stop_job("HyperParameterTuningJob", request),
    }
    return account


def test_a_tuning_job_is_stopped_and_its_trials_are_left_to_it(tuning_account, sagemaker):
    assert delete.main(["--yes"]) == 0
    assert [call for call in made(sagemaker) if call[0].startswith("Stop")] == [
        ("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": TUNING}),
        ("StopTrainingJob", {"TrainingJobName": FEATURES}),
    ]
    assert tuning_account.jobs["HyperParameterTuningJob"][TUNING] == "Stopped"


def test_status_lists_tuning_jobs_and_features_jobs_and_no_trials(tuning_account, capsys):
    assert status.main([]) == 0
    shown = capsys.readouterr().out
    rows = {line.split("  ")[0]: line for line in shown.splitlines() if TUNING in line or FEATURES in line}
    assert rows["tuning job"].endswith("until it ends") and rows["features job"].endswith("until it ends")
    assert "dogbreed-tune-y" in shown and "house" not in shown.replace("dogbreed-house/", "") and TRIAL not in shown
