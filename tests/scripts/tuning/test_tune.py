"""make tune: the request, and what is missing is said before anything starts."""

import json

import pytest

from scripts import tune
from scripts.config.settings import load_settings
from tests.scripts.conftest import ROLE
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.service import FROZEN, channels, request


def test_a_tuning_job_is_started_with_what_the_settings_and_the_command_line_say(ready, aws):
    assert tune.main(["epochs=3", "--range", "lr=0.001..0.1:log", "--range", "dropout=0.1,0.2", "--no-wait"]) == 0
    sent = request(ready)
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["dogbreed-train"])["repositories"]
    definition, ranges = sent["TrainingJobDefinition"], sent["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert definition["AlgorithmSpecification"]["TrainingImage"] == f"{repository['repositoryUri']}:a86989924225"
    assert definition["RoleArn"] == ROLE and definition["StaticHyperParameters"]["epochs"] == "3"
    assert list(channels(ready)) == ["train", "valid", "test"]
    assert [one["MinValue"] for one in ranges["ContinuousParameterRanges"]] == ["0.001"]
    assert [one["Name"] for one in ranges["CategoricalParameterRanges"]] == ["batch-size", "dropout"]
    assert ready.made() == ["CreateHyperParameterTuningJob"]


def test_no_wait_ends_at_once(ready):
    assert tune.main(["--no-wait"]) == 0
    assert [operation for operation, _ in ready.calls] == ["CreateHyperParameterTuningJob"]


def test_a_dry_run_prints_the_request_and_starts_nothing(ready, capsys):
    assert tune.main(["--dry-run", "epochs=3"]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert (call["service"], call["operation"]) == ("sagemaker", "CreateHyperParameterTuningJob")
    assert call["request"]["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"] == "3"
    assert ready.made() == []


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["epochs"], "must be written name=value"),
        (["lr=0.1"], "lr=0.1 is given, and lr is tuned, too"),
        (["--range", "lr=1..0"], "lr must have a min below its max"),
        (["features-only=true"], "With features-only the trials would train nothing. Leave it out"),
        (["--range", "features-only=true,false"], "With features-only the trials would train nothing. Leave it out"),
        (["--job-name", "mine"], "must begin with dogbreed-tune-"),
        (["--job-name", "dogbreed-tune-" + "a" * 20], "at most 32 letters"),
        (["--warm-start", *"abcdef"], "--warm-start takes at most 5 tuning jobs, not 6"),
        (["--warm-start", "a", "epochs=3"], "epochs=3 is no tuning job. Write hyperparameters before --warm-start."),
    ],
)
def test_a_wrong_word_is_a_sentence_and_starts_nothing(ready, arguments, sentence, capsys):
    assert tune.main(arguments) == 1
    assert sentence in capsys.readouterr().err
    assert ready.made() == []


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["batch-sise=64"], "Hyperparameter batch-sise is unknown. Did you mean batch-size?"),
        (["epochs=many"], "Hyperparameter epochs: must be a whole number, not 'many'."),
        (["--range", "learning-rate=0.1..0.2"], "Hyperparameter learning-rate is unknown."),
        (["--range", "dropout=0.1..1.5"], "Hyperparameter dropout: must be at least 0"),
        (["--range", "batch-size=1..64:float"], "Hyperparameter batch-size takes whole numbers"),
        (["--range", "pretrained=auto,non"], "Hyperparameter pretrained: must be one of"),
        (["epochs=3", "head-epochs=3"], "No trial could run. Hyperparameter head-epochs: 3 leaves no epoch"),
    ],
)
def test_what_the_program_would_refuse_in_a_trial_is_said_before_anything_starts(
    ready, dry, arguments, sentence, capsys
):
    assert tune.main([*arguments, *dry]) == 1
    shown = capsys.readouterr()
    assert sentence in shown.err and shown.out == "" and ready.made() == []


def test_a_program_that_the_endpoint_runs_does_not_switch_the_check_off(ready, monkeypatch, capsys):
    serving = load_settings().model_copy(update={"environment": {"SAGEMAKER_PROGRAM": "inference.py"}})
    monkeypatch.setattr(tune, "load_settings", lambda: serving)
    assert tune.main(["units=8"]) == 1
    assert "Hyperparameter units is unknown" in capsys.readouterr().err and ready.made() == []


def test_trials_of_a_program_of_the_users_own_have_hyperparameters_of_its_own(ready):
    assert tune.main(["sagemaker_program=mine.py", "--range", "units=0.5..8.5", "--no-wait"]) == 0
    assert ready.made() == ["CreateHyperParameterTuningJob"]


def test_features_on_several_instances_are_refused_before_anything_starts(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_INSTANCE_COUNT", "2")
    assert tune.main(FROZEN) == 1
    assert (
        "train.instance-count is 2, and one instance makes and uses the features" in capsys.readouterr().err
        and ready.made() == []
    )


def test_a_long_prefix_has_a_short_one_in_its_tuning_jobs_name(ready, aws, docker, bucket, monkeypatch, capsys):
    monkeypatch.setenv("IMAGE_PREFIX", "dog-house-of-mine")
    aws.client("ecr").create_repository(repositoryName="dog-house-of-mine-train")
    docker.run(["docker", "push", "host/dog-house-of-mine-train:a86989924225"], None)
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3://some-bucket/dogbreed/data")
    assert tune.main(["--no-wait"]) == 0
    assert request(ready)["HyperParameterTuningJobName"].startswith("dogh-")
    assert tune.main(["--job-name", "dog-house-of-mine-tune-x"]) == 1
    assert "must begin with dogh-" in capsys.readouterr().err


def test_what_is_missing_is_said_before_anything_starts(ready, aws, bucket, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setenv("SAGEMAKER_ROLE", "")
        assert tune.main([]) == 1
        assert "No role is set" in capsys.readouterr().err
    aws.client("s3").delete_object(Bucket=bucket, Key="dogbreed/data/test/A/x.jpg")
    with monkeypatch.context() as patch:
        patch.setenv("SAGEMAKER_TUNE_OBJECTIVE", "test_accuracy")
        assert tune.main([]) == 1
        assert "tune.objective is test_accuracy, and there is no test split" in capsys.readouterr().err
    aws.client("s3").delete_object(Bucket=bucket, Key="dogbreed/data/valid/A/x.jpg")
    assert tune.main([]) == 1
    assert "data/valid/ has no objects. Run `make upload" in capsys.readouterr().err
    assert ready.made() == []


def parent(
    status: str = "Completed",
    kind: str = "Maximize",
    metric: str = "valid_accuracy",
    tuned: tuple[str, ...] = ("lr", "dropout"),
):
    """Answers DescribeHyperParameterTuningJob for every name."""
    return lambda request: {
        **request,
        "HyperParameterTuningJobStatus": status,
        "CreationTime": 1,
        "TrainingJobDefinition": {},
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": metric},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": name, "MinValue": "0.1", "MaxValue": "0.2"} for name in tuned]
            },
        },
    }


@pytest.mark.parametrize(
    "described, sentence",
    [
        (
            parent("InProgress"),
            "dogbreed-tune-a is InProgress, and a search begins with one that is Completed or Stopped.",
        ),
        (parent("Failed"), "dogbreed-tune-a is Failed, and a search begins with one that is Completed or Stopped."),
        (
            parent(metric="test_accuracy"),
            "has the objective Maximize test_accuracy, and this search Maximize valid_accuracy",
        ),
        (parent(kind="Minimize"), "has the objective Minimize valid_accuracy, and this search Maximize valid_accuracy"),
        (parent(tuned=("lr",)), "dogbreed-tune-a tuned 1 hyperparameters, and this search 2: the number must be the"),
    ],
)
def test_a_parent_that_the_service_would_refuse_is_said_before_anything_starts(ready, described, sentence, capsys):
    ready.answers["DescribeHyperParameterTuningJob"] = described
    assert tune.main([*FROZEN, "--warm-start", "dogbreed-tune-a"]) == 1
    assert sentence in capsys.readouterr().err
    assert ready.made() == []


def test_a_name_that_is_in_use_is_said_before_anything_starts(ready, capsys):
    ready.answers["DescribeHyperParameterTuningJob"] = parent()
    assert tune.main([*FROZEN, "--job-name", "dogbreed-tune-a"]) == 1
    assert "There is a tuning job dogbreed-tune-a already. Choose another --job-name." in capsys.readouterr().err
    assert ready.made() == []


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_a_search_begins_with_the_trials_of_earlier_ones(ready, status):
    ready.answers["DescribeHyperParameterTuningJob"] = parent(status)
    assert tune.main(["--no-wait", "--warm-start", "dogbreed-tune-a", "dogbreed-tune-b"]) == 0
    parents = [{"HyperParameterTuningJobName": name} for name in ("dogbreed-tune-a", "dogbreed-tune-b")]
    assert request(ready)["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": parents,
        "WarmStartType": "TransferLearning",
    }


def test_a_parent_that_is_not_there_is_said_before_anything_starts(ready, capsys):
    ready.answers["DescribeHyperParameterTuningJob"] = Refusal("ResourceNotFound", "No.")
    assert tune.main(["--warm-start", "dogbreed-tune-a"]) == 1
    assert "There is no tuning job dogbreed-tune-a in eu-west-1" in capsys.readouterr().err
    assert ready.made() == []
