"""make train: what is missing is said before anything starts; then the job is followed, and its end decides."""

import json

import botocore.client
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts import train
from scripts.aws import clients as aws_module
from scripts.aws.clients import Aws
from scripts.aws.jobs import TRAINING, watch
from scripts.aws.log_tail import LogTail
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from tests.scripts.conftest import ROLE
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.service import Service

GROUP = "/aws/sagemaker/TrainingJobs"


@pytest.fixture
def data(aws, bucket):
    for split in ("train", "valid", "test"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/data/{split}/A/x.jpg", Body=b"x")


@pytest.fixture
def ready(sagemaker, data, pushed_images):
    """Everything that a job needs is there, and it ends well."""
    sagemaker.answers["CreateTrainingJob"] = {"TrainingJobArn": "arn"}
    sagemaker.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Completed")
    return sagemaker


def job(name: str, status: str, secondary: str | None = None, **more) -> dict:
    return {
        "TrainingJobName": name,
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary or status,
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://some-bucket/dogbreed/jobs/{name}/output/model.tar.gz"},
        **more,
    }


def test_a_job_is_started_with_what_the_settings_and_the_command_line_say(ready, aws, capsys):
    assert train.main(["epochs=3", "lr=0.01"]) == 0
    request = ready.request("CreateTrainingJob")
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["dogbreed-train"])["repositories"]
    assert request["AlgorithmSpecification"]["TrainingImage"] == f"{repository['repositoryUri']}:a86989924225"
    assert request["RoleArn"] == ROLE
    assert request["HyperParameters"]["epochs"] == "3" and request["HyperParameters"]["lr"] == "0.01"
    assert [one["ChannelName"] for one in request["InputDataConfig"]] == ["train", "valid", "test"]
    assert f"jobs/{request['TrainingJobName']}/output/model.tar.gz" in capsys.readouterr().out


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


def test_the_log_of_every_host_is_shown_and_each_state_once(ready, write_log, capsys):
    states = [("InProgress", "Starting"), ("InProgress", "Starting"), ("InProgress", "Training")]

    def describe(request):
        name = request["TrainingJobName"]
        if states:
            status, secondary = states.pop(0)
            write_log(GROUP, f"{name}/algo-1-17", f"{secondary} on one")
            return job(
                name,
                status,
                secondary,
                SecondaryStatusTransitions=[{"Status": secondary, "StartTime": 1, "StatusMessage": f"{secondary} now"}],
            )
        write_log(GROUP, f"{name}/algo-2-17", "the last line")
        return job(name, "Completed")

    ready.answers["DescribeTrainingJob"] = describe
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("Starting on one") == 2 and shown.out.count("Training on one") == 1
    assert shown.out.count("algo-2-17  the last line") == 1
    assert shown.err.count("Starting: Starting now") == 1 and shown.err.count("Training: Training now") == 1


def test_a_failed_job_gives_its_reason_and_status_1(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"], "Failed", FailureReason="AlgorithmError: Channel valid has no pictures."
    )
    assert train.main([]) == 1
    assert "is Failed: AlgorithmError: Channel valid has no pictures." in capsys.readouterr().err


def test_a_stopped_job_is_not_a_success(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Stopped")
    assert train.main([]) == 1
    assert "is Stopped" in capsys.readouterr().err


def test_a_watch_outlives_throttling_and_tells_that_the_job_goes_on_when_the_credentials_expire(
    ready, monkeypatch, capsys
):
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    throttled = Refusal("ThrottlingException", "Rate exceeded")
    running = job("dogbreed-train-x", "InProgress", "Training")
    ready.answers["DescribeTrainingJob"] = [
        running,
        throttled,
        running,
        Refusal("ExpiredTokenException", "The token has expired."),
    ]
    assert train.main(["--job-name", "dogbreed-train-x"]) == 1
    said = capsys.readouterr().err
    assert "asking again" in said
    assert "Log in again. dogbreed-train-x goes on all the same: watch it with make logs" in said


def test_a_log_that_may_not_be_read_does_not_keep_the_job_from_being_followed(ready, monkeypatch, capsys):
    def denied(self):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "DescribeLogStreams")

    monkeypatch.setattr(LogTail, "streams", denied)
    assert train.main([]) == 0
    assert capsys.readouterr().err.count("the log cannot be shown") == 1


def test_a_bucket_whose_objects_may_not_be_listed_is_left_to_the_job(ready, monkeypatch, capsys):
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation == "ListObjectsV2":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert train.main([]) == 0
    assert "data/train/ is taken to be there" in capsys.readouterr().err


def test_a_job_that_ran_into_its_limit_says_so(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"], "Stopped", "MaxRuntimeExceeded"
    )
    assert train.main([]) == 1
    assert "is Stopped: MaxRuntimeExceeded" in capsys.readouterr().err


def test_a_bucket_for_the_model_is_looked_for_where_the_data_lies_elsewhere(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3://some-bucket/dogbreed/data")
    monkeypatch.setenv("SAGEMAKER_BUCKET", "no-such-bucket")
    assert train.main([]) == 1
    assert "There is no bucket no-such-bucket for the model" in capsys.readouterr().err


def test_a_uri_without_a_bucket_is_a_sentence(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3:///x")
    assert train.main([]) == 1
    assert "is not an S3 URI" in capsys.readouterr().err


def test_ctrl_c_leaves_the_job_and_says_how_to_stop_it(ready, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "watch", interrupted)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 130
    assert (
        "dogbreed-train-x keeps running" in (said := capsys.readouterr().err)
        and "make stop ARGS=dogbreed-train-x" in said
    )
    assert ready.made() == ["CreateTrainingJob"]


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


def test_following_a_job_that_is_not_there_is_a_sentence(sagemaker, aws):
    sagemaker.answers["DescribeTrainingJob"] = Refusal("ValidationException", "Requested resource not found.")
    with pytest.raises(Failure, match="There is no training job gone"):
        watch(Aws(load_settings()), TRAINING, "gone")


TUNED = {
    "HyperParameterTuningJobName": "dogbreed-tune-x",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "valid_accuracy"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "lr", "MinValue": "0.001", "MaxValue": "0.1"}],
            "CategoricalParameterRanges": [{"Name": "batch-size", "Values": ['"32"', '"64"']}],
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"epochs": "20", "arch": "resnet18", "_tuning_objective_metric": "valid_accuracy"}
    },
}


@pytest.fixture
def tuned(ready):
    """A tuning job that found its best trial in its second; a newer one still runs."""
    Service(ready, [("Completed", [("Completed", 0.7, ""), ("Completed", 0.9, "")])]).has(TUNED)
    ready.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Completed")
    names = dict.fromkeys(["dogbreed-tune-y", "dogbreed-tuned-z", "dogbreed-tune-x", "dogbreed-tune-w"], "Completed")
    names["dogbreed-tune-y"] = "InProgress"
    ready.answers["ListHyperParameterTuningJobs"] = lambda request: {
        "HyperParameterTuningJobSummaries": [
            {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobArn": "a",
                "HyperParameterTuningJobStatus": status,
                "CreationTime": 1,
            }
            for name, status in names.items()
            if request.get("StatusEquals") in (None, status)
        ]
    }
    return ready


@pytest.mark.parametrize("named", [["dogbreed-tune-x"], []])
def test_a_job_is_trained_with_what_the_best_trial_had(tuned, named, capsys):
    assert train.main(["--from-tuning", *named]) == 0
    assert tuned.request("CreateTrainingJob")["HyperParameters"] == {
        "sagemaker_container_log_level": "30",
        "epochs": "20",
        "arch": "resnet18",
        "lr": "0.002",
        "batch-size": '"32"',
    }
    assert tuned.request("DescribeHyperParameterTuningJob") == {"HyperParameterTuningJobName": "dogbreed-tune-x"}
    assert (
        "with the hyperparameters of dogbreed-tune-x-002-00000002 Completed valid_accuracy=0.9000 lr=0.002"
        in capsys.readouterr().err
    )


def test_the_command_line_comes_before_the_best_trial(tuned):
    assert train.main(["epochs=50", "lr=0.5", "--from-tuning", "dogbreed-tune-x"]) == 0
    sent = tuned.request("CreateTrainingJob")["HyperParameters"]
    assert (sent["epochs"], sent["lr"], sent["arch"]) == ("50", "0.5", "resnet18")


def test_a_tuning_job_that_is_not_there_or_has_found_nothing_is_a_sentence(tuned, capsys):
    Service(tuned, [("InProgress", [("InProgress", None, "")])]).has(TUNED)
    assert train.main(["--from-tuning", "dogbreed-tune-x"]) == 1
    assert (
        "The tuning job dogbreed-tune-x is InProgress and has no best trial. `make logs ARGS=dogbreed-tune-x`"
        in capsys.readouterr().err
    )
    tuned.answers["DescribeHyperParameterTuningJob"] = Refusal("ResourceNotFound", "No such job.")
    assert train.main(["--from-tuning", "dogbreed-tune-v"]) == 1
    assert "There is no tuning job dogbreed-tune-v in eu-west-1" in capsys.readouterr().err
    tuned.answers["ListHyperParameterTuningJobs"] = {"HyperParameterTuningJobSummaries": []}
    assert train.main(["--from-tuning"]) == 1
    assert "No tuning job of dogbreed is Completed in eu-west-1. Run `make tune`." in capsys.readouterr().err
    assert tuned.made() == []


def test_a_tuning_job_of_another_kind_is_a_sentence(tuned, capsys):
    tuned.answers["DescribeHyperParameterTuningJob"] = {
        **{field: TUNED[field] for field in ("HyperParameterTuningJobName", "HyperParameterTuningJobConfig")},
        "TrainingJobDefinitions": [],
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": 1,
    }
    assert train.main(["--from-tuning", "somebodys"]) == 1
    assert "The tuning job somebodys has several training job definitions" in capsys.readouterr().err


def test_a_hyperparameter_in_the_place_of_a_tuning_job_is_a_sentence(tuned, capsys):
    assert train.main(["--from-tuning", "epochs=3"]) == 1
    assert "epochs=3 is no tuning job. Write hyperparameters before --from-tuning." in capsys.readouterr().err
