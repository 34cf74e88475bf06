"""make train: what is missing is said before anything starts; then the job is followed, and its end decides."""

import json

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import train
from scripts.config.settings import load_settings
from tests.scripts.conftest import ROLE
from tests.scripts.console.documented import fields
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.training.jobs import job


def test_a_job_is_started_with_what_the_settings_and_the_command_line_say(ready, aws, capsys):
    assert train.main(["epochs=3", "lr=0.01"]) == 0
    request = ready.request("CreateTrainingJob")
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["dogbreed-train"])["repositories"]
    assert request["AlgorithmSpecification"]["TrainingImage"] == f"{repository['repositoryUri']}:a86989924225"
    assert request["RoleArn"] == ROLE
    assert request["HyperParameters"]["epochs"] == "3" and request["HyperParameters"]["lr"] == "0.01"
    assert [one["ChannelName"] for one in request["InputDataConfig"]] == ["train", "valid", "test"]
    assert f"jobs/{request['TrainingJobName']}/output/model.tar.gz" in capsys.readouterr().out


def test_a_job_with_a_shell_says_how_to_open_it(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_SHELL", "true")
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    assert ready.request("CreateTrainingJob")["RemoteDebugConfig"] == {"EnableRemoteDebug": True}
    command = "aws ssm start-session --target sagemaker-training-job:dogbreed-train-x_algo-1"
    assert command in capsys.readouterr().err
    monkeypatch.delenv("SAGEMAKER_TRAIN_SHELL")
    assert train.main(["--no-wait"]) == 0
    assert "aws ssm" not in capsys.readouterr().err


def test_a_job_that_makes_features_names_them_and_no_model_to_deploy(ready, capsys):
    assert train.main(["features-only=true", "freeze-backbone=true", "--job-name", "dogbreed-train-x"]) == 0
    shown = capsys.readouterr().out
    assert "features, and no model: s3://some-bucket/dogbreed/jobs/dogbreed-train-x/output/model.tar.gz" in shown
    assert "\nmodel:" not in shown and "deploy" not in shown
    assert train.main(["features-only=false", "freeze-backbone=true"]) == 0
    assert "next: make deploy" in capsys.readouterr().out


def test_features_on_several_instances_are_refused_before_the_job_starts(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_INSTANCE_COUNT", "2")
    assert train.main(["freeze-backbone=true"]) == 1
    assert (
        "Set it to 1, or train in the ordinary loop with feature-views=0." in capsys.readouterr().err
        and ready.made() == []
    )
    assert train.main(["freeze-backbone=true", "feature-views=0"]) == 0


WRONG = [
    (["batch-sise=64"], "Hyperparameter batch-sise is unknown. Did you mean batch-size?"),
    (["epochs=many"], "Hyperparameter epochs: must be a whole number, not 'many'."),
    (["epochs=3", "head-epochs=3"], "Hyperparameter head-epochs: 3 leaves no epoch for the whole network."),
]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize("words, sentence", WRONG)
def test_a_hyperparameter_that_the_program_would_refuse_is_said_before_a_job_is_there(
    ready, dry, words, sentence, capsys
):
    assert train.main([*words, *dry]) == 1
    shown = capsys.readouterr()
    assert sentence in shown.err and shown.out == "" and ready.made() == []


def test_a_hyperparameter_of_the_settings_is_checked_too(ready, monkeypatch, capsys):
    wrong = load_settings().model_copy(update={"hyperparameters": {"epoch": "3"}})
    monkeypatch.setattr(train, "load_settings", lambda: wrong)
    assert train.main([]) == 1
    assert "Hyperparameter epoch is unknown. Did you mean epochs?" in capsys.readouterr().err and ready.made() == []


def test_a_program_of_the_users_own_has_hyperparameters_of_its_own(ready):
    assert train.main(["sagemaker_program=mine.py", "units=8"]) == 0
    assert ready.request("CreateTrainingJob")["HyperParameters"]["units"] == "8"


def test_a_program_that_the_endpoint_runs_does_not_switch_the_check_off(ready, monkeypatch, capsys):
    serving = load_settings().model_copy(update={"environment": {"SAGEMAKER_PROGRAM": "inference.py"}})
    monkeypatch.setattr(train, "load_settings", lambda: serving)
    assert train.main(["units=8"]) == 1
    assert "Hyperparameter units is unknown" in capsys.readouterr().err and ready.made() == []


def test_a_bucket_whose_objects_may_not_be_listed_is_left_to_the_job(ready, monkeypatch, capsys):
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation == "ListObjectsV2":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert train.main([]) == 0
    assert "data/train/ is assumed to be there" in capsys.readouterr().err


def test_a_bucket_for_the_model_is_looked_for_where_the_data_lies_elsewhere(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3://some-bucket/dogbreed/data")
    monkeypatch.setenv("SAGEMAKER_BUCKET", "no-such-bucket")
    assert train.main([]) == 1
    assert "There is no bucket no-such-bucket for the model" in capsys.readouterr().err


def test_a_uri_without_a_bucket_is_a_sentence(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3:///x")
    assert train.main([]) == 1
    assert "is not an S3 URI" in capsys.readouterr().err


def test_no_wait_ends_at_once(ready):
    assert train.main(["--no-wait"]) == 0
    assert [operation for operation, _ in ready.calls] == ["CreateTrainingJob"]


def test_a_dry_run_prints_the_request_and_starts_nothing(ready, capsys):
    assert train.main(["--dry-run", "epochs=3"]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert (call["service"], call["operation"]) == ("sagemaker", "CreateTrainingJob")
    assert call["request"]["HyperParameters"]["epochs"] == "3"
    assert ready.calls == []


def test_a_missing_role_is_said_first(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_ROLE", "")
    assert train.main([]) == 1
    assert "No role is set" in (said := capsys.readouterr().err) and "SAGEMAKER_ROLE" in said


def test_a_role_may_be_named_without_its_arn(ready, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_ROLE", "service-role/dogs")
    assert train.main([]) == 0
    assert ready.request("CreateTrainingJob")["RoleArn"] == "arn:aws:iam::123456789012:role/service-role/dogs"


def test_an_image_that_is_not_pushed_is_said_before_the_job_starts(ready, tag, capsys):
    tag("another")
    assert train.main([]) == 1
    assert "dogbreed-train:another is not in ECR in eu-west-1. Run `make push`." in capsys.readouterr().err


def test_a_dirty_tree_runs_the_image_that_its_push_brought(ready, docker, tag):
    tag("a86989924225-dirty")
    docker.images["dogbreed-train:a86989924225-dirty"] = {"Id": "sha256:0123456789abcdef"}
    docker.run(["docker", "push", "host/dogbreed-train:a86989924225-dirty-0123456789ab"], None)
    assert train.main([]) == 0
    assert ready.request("CreateTrainingJob")["AlgorithmSpecification"]["TrainingImage"].endswith(
        ":a86989924225-dirty-0123456789ab"
    )


@pytest.mark.parametrize("split", ["train", "valid"])
def test_missing_data_is_said_before_the_job_starts(ready, aws, bucket, split, capsys):
    aws.client("s3").delete_object(Bucket=bucket, Key=f"dogbreed/data/{split}/A/x.jpg")
    assert train.main([]) == 1
    assert f"s3://some-bucket/dogbreed/data/{split}/ has no objects. Run `make upload DATA=" in capsys.readouterr().err


def test_a_missing_bucket_is_said_as_missing_data(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_BUCKET", "no-such-bucket")
    assert train.main([]) == 1
    assert "make upload" in capsys.readouterr().err


def test_data_without_a_test_split_trains_without_that_channel(ready, aws, bucket):
    aws.client("s3").delete_object(Bucket=bucket, Key="dogbreed/data/test/A/x.jpg")
    assert train.main([]) == 0
    assert [one["ChannelName"] for one in ready.request("CreateTrainingJob")["InputDataConfig"]] == ["train", "valid"]


def test_data_and_weights_may_lie_elsewhere(ready, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "file:///data/pictures")
    monkeypatch.setenv("SAGEMAKER_TRAIN_PRETRAINED", "file:///weights")
    assert train.main(["--dry-run"]) == 0


def test_data_elsewhere_that_are_not_there_are_not_what_upload_brings(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3://some-bucket/elsewhere")
    assert train.main([]) == 1
    said = capsys.readouterr().err
    assert "s3://some-bucket/elsewhere/train/ has no objects. Bring the pictures there, or correct train.data" in said


def test_weights_that_are_not_there_are_said(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_PRETRAINED", "s3://some-bucket/weights/")
    assert train.main([]) == 1
    assert "s3://some-bucket/weights/ has no objects" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["epochs", "=3", "Epochs=3", "--epochs=3"])
def test_a_hyperparameter_that_is_not_name_value_is_a_sentence(ready, word, capsys):
    assert train.main(["--", word]) == 1
    assert "must be written name=value" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mine", "dogbreed-train-", "dogbreed-train-a_b", "dogbreed-train-" + "a" * 50])
def test_a_job_name_that_delete_would_not_find_is_refused(ready, name, capsys):
    assert train.main(["--job-name", name]) == 1
    assert "must begin with dogbreed-train-" in capsys.readouterr().err


def test_what_aws_refuses_is_a_sentence_with_the_next_step(ready, capsys):
    ready.answers["CreateTrainingJob"] = Refusal("ResourceLimitExceeded", "The limit 'ml.g4dn.xlarge' is 0.")
    assert train.main([]) == 1
    said = capsys.readouterr().err
    assert (
        "AWS refused CreateTrainingJob: The limit 'ml.g4dn.xlarge' is 0 (ResourceLimitExceeded). Choose another" in said
    )
    assert "Traceback" not in said


def test_json_has_the_job_its_figures_and_the_model(ready, write_log, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"],
        "Completed",
        FinalMetricDataList=[{"MetricName": "valid_accuracy", "Value": 0.5, "Timestamp": 1}],
        BillableTimeInSeconds=90,
    )
    write_log("/aws/sagemaker/TrainingJobs", "dogbreed-train-x/algo-1-17", "a line of the log")
    assert train.main(["--job-name", "dogbreed-train-x", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {
        "job": "dogbreed-train-x",
        "status": "Completed",
        "metrics": {"valid_accuracy": 0.5},
        "billed_seconds": 90,
        "model": "s3://some-bucket/dogbreed/jobs/dogbreed-train-x/output/model.tar.gz",
    }
    assert set(json.loads(shown.out)) <= fields("train")
    assert "a line of the log" in shown.err and "next: make deploy" in shown.err
    assert train.main(["--json", "--dry-run"]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert call["operation"] == "CreateTrainingJob"


@pytest.mark.parametrize(
    ("resources", "total", "words"),
    [
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}, 900, ", 900 s billed. "),
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 3}, 2700, ", 2,700 s billed (3 instances of 900 s). "),
        (
            {"SelectedInstanceType": "ml.g5.xlarge", "SelectedInstanceCount": 2},
            1800,
            ", 1,800 s billed (2 instances of",
        ),
    ],
)
def test_what_was_billed_is_that_of_all_instances(ready, capsys, resources, total, words):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"],
        "Completed",
        BillableTimeInSeconds=900,
        ResourceConfig={"VolumeSizeInGB": 50, **resources},
    )
    assert train.main(["--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["billed_seconds"] == total and words in shown.err


def test_json_of_a_job_that_failed_has_the_reason(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"], "Failed", FailureReason="AlgorithmError: no."
    )
    assert train.main(["--json", "--job-name", "dogbreed-train-x"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "Failed" and found["error"].endswith("is Failed: AlgorithmError: no.")
