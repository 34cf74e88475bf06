"""make tune: what is missing is said before anything starts; then the trials are followed, and what was found is left behind."""

import json
import sys

import botocore.client
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts import aws as aws_module
from scripts import feature_job, logs, tune
from scripts.aws import Aws
from scripts.settings import load_settings
from scripts.tuning_result import FOLDER
from scripts.tuning_watch import watch_tuning
from tests.scripts.conftest import ROLE
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tunings import Service

DONE = ("Completed", [("Completed", 0.71, ""), ("Completed", 0.83, ""), ("Failed", None, "AlgorithmError: lr is too large.")])
FEATURES_GROUP = "/aws/sagemaker/TrainingJobs"
FROZEN = ["freeze-backbone=true", "epochs=3", "--no-wait"]


@pytest.fixture
def data(aws, bucket):
    for split in ("train", "valid", "test"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/data/{split}/A/x.jpg", Body=b"x")


@pytest.fixture
def ready(sagemaker, data, pushed_images, monkeypatch, tmp_path):
    """Everything that a tuning job needs is there, it ends well, and what it leaves goes to a folder of the test's."""
    monkeypatch.chdir(tmp_path)
    Service(sagemaker, [DONE])
    return sagemaker


def request(ready) -> dict:
    return ready.request("CreateHyperParameterTuningJob")


def channels(ready) -> dict[str, str]:
    return {
        one["ChannelName"]: one["DataSource"]["S3DataSource"]["S3Uri"] for one in request(ready)["TrainingJobDefinition"]["InputDataConfig"]
    }


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


def test_the_best_trial_is_told_with_its_model_and_the_next_step(ready, capsys):
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0].split() == ["trial", "status", "valid_accuracy", "lr", "batch-size", "time"]
    assert [line.split()[:2] for line in lines[1:4]] == [["*", "002-00000002"], ["001-00000001", "Completed"], ["003-00000003", "Failed"]]
    assert "dogbreed-tune-x: Completed after 12:30, 3 trials (2 Completed, 1 Failed), best valid_accuracy=0.8300" in shown
    assert "best: dogbreed-tune-x-002-00000002 valid_accuracy=0.8300 lr=0.002 batch-size=128" in shown
    assert "model: s3://some-bucket/dogbreed/jobs/dogbreed-tune-x-002-00000002/output/model.tar.gz" in shown
    assert 'next: make train ARGS="--from-tuning dogbreed-tune-x", or make deploy ARGS="--job dogbreed-tune-x-002-00000002"' in shown


def test_a_best_trial_that_left_no_model_is_none_to_deploy(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: {"TrainingJobName": request["TrainingJobName"], "TrainingJobStatus": "Stopped"}
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 0
    shown = capsys.readouterr().out
    assert 'next: make train ARGS="--from-tuning dogbreed-tune-x"\n' in shown and "model:" not in shown and "deploy" not in shown


def test_what_was_found_is_left_in_files(ready):
    assert tune.main(["epochs=3", "--job-name", "dogbreed-tune-x"]) == 0
    folder = FOLDER / "dogbreed-tune-x"
    assert sorted(path.name for path in folder.iterdir()) == ["best.json", "page.html", "trials.json", "tuning.png"]
    assert json.loads((folder / "best.json").read_text()) == {
        "tuning_job": "dogbreed-tune-x", "job": "dogbreed-tune-x-002-00000002", "objective": {"name": "valid_accuracy", "value": 0.83},
        "hyperparameters": {"sagemaker_container_log_level": "30", "epochs": "3", "lr": "0.002", "batch-size": "128"},
        "model": "s3://some-bucket/dogbreed/jobs/dogbreed-tune-x-002-00000002/output/model.tar.gz",
    }
    trials = json.loads((folder / "trials.json").read_text())
    assert [(one["status"], one["objective"]) for one in trials] == [("Completed", 0.71), ("Completed", 0.83), ("Failed", None)]
    assert trials[2]["failure"] == "AlgorithmError: lr is too large." and trials[0]["started"] == "2026-11-22T18:52:01+00:00"
    assert (folder / "tuning.png").read_bytes()[:4] == b"\x89PNG" and "001-00000001" in (folder / "page.html").read_text()


def test_elsewhere_than_on_a_terminal_each_change_of_a_trial_is_a_line(ready, aws, capsys):
    Service(ready, [
        ("InProgress", []), ("InProgress", [("InProgress", None, "")]), ("InProgress", [("InProgress", None, "")]),
        ("InProgress", [("Completed", None, ""), ("InProgress", None, "")]), ("InProgress", [("Completed", 0.5, ""), ("Stopped", 0.4, "")]),
        ("Completed", [("Completed", 0.5, ""), ("Stopped", 0.4, "")]),
    ])
    assert tune.main(["--job-name", "dogbreed-tune-x", "--no-wait"]) == 0
    assert [one.status for one in watch_tuning(aws, "dogbreed-tune-x").trials] == ["Completed", "Stopped"]
    said = [line.partition("] ")[2] for line in capsys.readouterr().err.splitlines() if line.startswith("[")]
    assert said == [
        "dogbreed-tune-x InProgress", "dogbreed-tune-x-001-00000001 InProgress lr=0.001 batch-size=64",
        "dogbreed-tune-x-001-00000001 Completed lr=0.001 batch-size=64", "dogbreed-tune-x-002-00000002 InProgress lr=0.002 batch-size=128",
        "dogbreed-tune-x-001-00000001 Completed valid_accuracy=0.5000 lr=0.001 batch-size=64 (the best so far)",
        "dogbreed-tune-x-002-00000002 Stopped valid_accuracy=0.4000 lr=0.002 batch-size=128", "dogbreed-tune-x Completed",
    ]


def test_on_a_terminal_the_table_is_drawn_anew_in_its_place_and_taken_away_at_the_end(ready, aws, terminal, monkeypatch):
    Service(ready, [("InProgress", [("InProgress", None, "")]), ("InProgress", [("Completed", 0.5, ""), ("InProgress", None, "")]), DONE])
    assert tune.main(["--job-name", "dogbreed-tune-x", "--no-wait"]) == 0
    wide = terminal(30, 120)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", wide.stream)
        watch_tuning(aws, "dogbreed-tune-x")
    first, second, third, last = wide.read("\x1b[5F\x1b[J").split("\x1b[J")
    assert first.startswith("dogbreed-tune-x: InProgress after") and "\n   001-00000001  InProgress" in first
    assert "\n*  001-00000001  Completed   0.5000" in second and "\n   002-00000002  InProgress" in second
    assert first.endswith("\x1b[3F") and second.endswith("\x1b[4F") and third.endswith("\x1b[5F") and last == ""


def test_a_line_about_an_answer_that_did_not_come_takes_the_place_of_the_table(ready, aws, terminal, monkeypatch):
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    Service(ready, [("InProgress", [("InProgress", None, "")]), DONE])
    assert tune.main(["--job-name", "dogbreed-tune-x", "--no-wait"]) == 0
    describe = ready.answers["DescribeHyperParameterTuningJob"]
    ready.answers["DescribeHyperParameterTuningJob"] = [describe, Refusal("ThrottlingException", "Rate exceeded."), describe]
    wide = terminal(30, 120)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", wide.stream)
        watch_tuning(Aws(load_settings()), "dogbreed-tune-x")
    first, then, last = wide.read("\x1b[5F\x1b[J").split("\x1b[J")
    assert first.endswith("\x1b[3F") and last == ""
    said, table = then.split("\n", 1)
    assert said.startswith("no answer for now, asking again") and table.startswith("dogbreed-tune-x: Completed after")


def test_a_tuning_job_whose_trials_all_failed_gives_the_first_reason(ready, capsys):
    trials = [("Failed", None, "AlgorithmError: no weights."), ("Failed", None, "AlgorithmError: other.")]
    Service(ready, [("Failed", trials)], failure="All failed.")
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    shown = capsys.readouterr()
    assert "error: Every trial of dogbreed-tune-x failed. dogbreed-tune-x-001-00000001: AlgorithmError: no weights." in shown.err
    assert "page: out/tuning/dogbreed-tune-x/page.html" in shown.out and "next:" not in shown.out
    assert not (FOLDER / "dogbreed-tune-x/best.json").exists() and (FOLDER / "dogbreed-tune-x/tuning.png").exists()


def test_a_tuning_job_that_was_stopped_leaves_what_it_found_and_is_not_a_success(ready, capsys):
    Service(ready, [("Stopped", [("Completed", 0.6, ""), ("Stopped", None, "")])])
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    shown = capsys.readouterr()
    assert "error: The tuning job dogbreed-tune-x is Stopped." in shown.err
    assert "best: dogbreed-tune-x-001-00000001" in shown.out and (FOLDER / "dogbreed-tune-x/best.json").exists()


@pytest.mark.parametrize("step, failure, sentence", [
    (("Failed", []), "ResourceLimitExceeded: 0 instances.", "is Failed without a best trial: ResourceLimitExceeded: 0 instances."),
    (("Completed", [("Completed", None, "")]), "", "is Completed without a best trial."),
])
def test_a_tuning_job_without_a_best_trial_is_no_success(ready, capsys, step, failure, sentence):
    Service(ready, [step], failure=failure)
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    assert f"error: The tuning job dogbreed-tune-x {sentence}" in capsys.readouterr().err


def test_ctrl_c_leaves_the_tuning_job_and_says_how_to_follow_and_stop_it(ready, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "watch_tuning", interrupted)
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 130
    said = capsys.readouterr().err
    assert 'dogbreed-tune-x goes on without you: watch it with make logs ARGS="dogbreed-tune-x --follow"' in said
    assert "make stop ARGS=dogbreed-tune-x" in said and not FOLDER.exists()


def test_expired_credentials_leave_the_tuning_job(ready, monkeypatch, capsys):
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    ready.answers["DescribeHyperParameterTuningJob"] = [
        Refusal("ResourceNotFound", "No."), Refusal("ExpiredTokenException", "The token has expired."),
    ]
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    assert "Log in again. dogbreed-tune-x goes on all the same" in capsys.readouterr().err


def test_no_wait_ends_at_once(ready):
    assert tune.main(["--no-wait"]) == 0
    assert [operation for operation, _ in ready.calls] == ["CreateHyperParameterTuningJob"]


def test_a_dry_run_prints_the_request_and_starts_nothing(ready, capsys):
    assert tune.main(["--dry-run", "epochs=3"]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert (call["service"], call["operation"]) == ("sagemaker", "CreateHyperParameterTuningJob")
    assert call["request"]["TrainingJobDefinition"]["StaticHyperParameters"]["epochs"] == "3"
    assert ready.made() == []


@pytest.mark.parametrize("arguments, sentence", [
    (["epochs"], "must be written name=value"),
    (["lr=0.1"], "lr=0.1 is given, and lr is tuned, too"),
    (["--range", "lr=1..0"], "lr must have a min below its max"),
    (["features-only=true"], "With features-only the trials would train nothing. Leave it out"),
    (["--range", "features-only=true,false"], "With features-only the trials would train nothing. Leave it out"),
    (["--job-name", "mine"], "must begin with dogbreed-tune-"),
    (["--job-name", "dogbreed-tune-" + "a" * 20], "at most 32 letters"),
    (["--warm-start", *"abcdef"], "--warm-start takes at most 5 tuning jobs, not 6"),
    (["--warm-start", "a", "epochs=3"], "epochs=3 is no tuning job. Write hyperparameters before --warm-start."),
])
def test_a_wrong_word_is_a_sentence_and_starts_nothing(ready, arguments, sentence, capsys):
    assert tune.main(arguments) == 1
    assert sentence in capsys.readouterr().err
    assert ready.made() == []


def test_a_long_prefix_has_a_short_one_in_its_tuning_jobs_name(ready, aws, docker, bucket, monkeypatch, capsys):
    monkeypatch.setenv("IMAGE_PREFIX", "dog-house-of-mine")
    aws.client("ecr").create_repository(repositoryName="dog-house-of-mine-train")
    docker.run(["docker", "push", "host/dog-house-of-mine-train:a86989924225"], None)
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "s3://some-bucket/dogbreed/data")
    assert tune.main(["--no-wait"]) == 0
    assert request(ready)["HyperParameterTuningJobName"].startswith("doghouse-")
    assert tune.main(["--job-name", "dog-house-of-mine-tune-x"]) == 1
    assert "must begin with doghouse-" in capsys.readouterr().err


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


def parent(status: str = "Completed", kind: str = "Maximize", metric: str = "valid_accuracy", tuned: tuple[str, ...] = ("lr", "dropout")):
    """Answers DescribeHyperParameterTuningJob for every name."""
    return lambda request: {
        **request, "HyperParameterTuningJobStatus": status, "CreationTime": 1, "TrainingJobDefinition": {},
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": metric},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": name, "MinValue": "0.1", "MaxValue": "0.2"} for name in tuned]},
        },
    }


@pytest.mark.parametrize("described, sentence", [
    (parent("InProgress"), "dogbreed-tune-a is InProgress, and a search begins with one that is Completed or Stopped."),
    (parent("Failed"), "dogbreed-tune-a is Failed, and a search begins with one that is Completed or Stopped."),
    (parent(metric="test_accuracy"), "has the objective Maximize test_accuracy, and this search Maximize valid_accuracy"),
    (parent(kind="Minimize"), "has the objective Minimize valid_accuracy, and this search Maximize valid_accuracy"),
    (parent(tuned=("lr",)), "dogbreed-tune-a tuned 1 hyperparameters, and this search 2: they must be as many."),
])
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
    assert request(ready)["WarmStartConfig"] == {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}


def test_a_parent_that_is_not_there_is_said_before_anything_starts(ready, capsys):
    ready.answers["DescribeHyperParameterTuningJob"] = Refusal("ResourceNotFound", "No.")
    assert tune.main(["--warm-start", "dogbreed-tune-a"]) == 1
    assert "There is no tuning job dogbreed-tune-a in eu-west-1" in capsys.readouterr().err
    assert ready.made() == []


def test_logs_comes_back_to_a_tuning_job_that_runs_and_writes_what_one_that_has_ended_found(ready, capsys):
    service = Service(ready, [("InProgress", [("InProgress", None, "")]), ("InProgress", [("Completed", 0.7, "")]), DONE])
    assert tune.main(["--no-wait", "--job-name", "dogbreed-tune-x"]) == 0
    capsys.readouterr()
    assert logs.main(["dogbreed-tune-x"]) == 0
    assert "dogbreed-tune-x: InProgress after" in (shown := capsys.readouterr().out) and "001-00000001  InProgress" in shown
    assert not FOLDER.exists()
    assert logs.main(["dogbreed-tune-x", "--follow"]) == 0
    assert "best: dogbreed-tune-x-002-00000002" in capsys.readouterr().out
    assert (FOLDER / "dogbreed-tune-x/page.html").exists() and service


# What follows is about the features that trials of a frozen backbone share.


class FeatureJobs:
    """Training jobs of the stand-in: those that were created end as `end` says, and leave two files."""

    def __init__(self, sagemaker, s3, end: str = "Completed"):
        self.end, self.made, self._s3 = end, {}, s3
        self._trials = sagemaker.answers["DescribeTrainingJob"]
        sagemaker.answers |= {
            "CreateTrainingJob": self._create, "DescribeTrainingJob": self._describe,
            "ListTrainingJobs": lambda request: {"TrainingJobSummaries": [
                {"TrainingJobName": name, "TrainingJobArn": "arn", "CreationTime": 1, "TrainingJobStatus": one["TrainingJobStatus"]}
                for name, one in self.made.items() if one["TrainingJobStatus"] == request.get("StatusEquals")
            ]},
        }

    def _create(self, request: dict) -> dict:
        self.made[request["TrainingJobName"]] = {**request, "TrainingJobStatus": "InProgress"}
        return {"TrainingJobArn": "arn"}

    def _describe(self, request: dict) -> dict:
        if request["TrainingJobName"] not in self.made:
            return self._trials(request)
        job = self.made[request["TrainingJobName"]]
        answer = {field: job[field] for field in ("TrainingJobName", "TrainingJobStatus", "OutputDataConfig")}
        if job["TrainingJobStatus"] == "InProgress":
            job["TrainingJobStatus"] = self.end
            above = job["OutputDataConfig"]["S3OutputPath"].removeprefix("s3://some-bucket/")
            for name, content in {"train.npy": b"12345", "bank.json": b'{"sizes": {"train.npy": 5}}'}.items():
                self._s3.put_object(Bucket="some-bucket", Key=f"{above}/{job['TrainingJobName']}/output/model/{name}", Body=content)
        return answer | ({"FailureReason": "AlgorithmError: no weights."} if answer["TrainingJobStatus"] == "Failed" else {})


@pytest.fixture
def feature_jobs(ready, aws):
    return FeatureJobs(ready, aws.client("s3"))


def test_the_features_of_a_frozen_backbone_are_computed_once_and_every_trial_reads_them(ready, feature_jobs, write_log, capsys):
    assert tune.main(FROZEN) == 0
    assert ready.made() == ["CreateTrainingJob", "CreateHyperParameterTuningJob"]
    made = ready.request("CreateTrainingJob")
    assert made["TrainingJobName"].startswith("dogbreed-features-")
    assert made["HyperParameters"] == {
        "sagemaker_container_log_level": "30", "freeze-backbone": "true", "epochs": "3", "features-only": "true"}
    assert [one["ChannelName"] for one in made["InputDataConfig"]] == ["train", "valid", "test"]
    output = made["OutputDataConfig"]["S3OutputPath"]
    assert output.startswith("s3://some-bucket/dogbreed/features/") and made["OutputDataConfig"]["CompressionType"] == "NONE"
    assert channels(ready) == {"features": f"{output}/{made['TrainingJobName']}/output/model/"}
    assert "features-only" not in request(ready)["TrainingJobDefinition"]["StaticHyperParameters"]
    assert f"started {made['TrainingJobName']}: it computes once what all trials read" in capsys.readouterr().err


def test_weights_of_ones_own_go_to_the_features_job_and_the_trials_get_the_features_alone(ready, feature_jobs, aws, bucket, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_TRAIN_PRETRAINED", "s3://some-bucket/weights/")
    aws.client("s3").put_object(Bucket=bucket, Key="weights/resnet50.safetensors", Body=b"w")
    assert tune.main(FROZEN) == 0
    made = ready.request("CreateTrainingJob")
    assert [one["ChannelName"] for one in made["InputDataConfig"]] == ["train", "valid", "test", "pretrained"]
    assert list(channels(ready)) == ["features"]


def test_pictures_that_change_while_the_features_are_computed_start_no_trial_and_leave_no_features(
        ready, feature_jobs, aws, bucket, monkeypatch, capsys):
    real, picture = feature_job.watch, {"Bucket": bucket, "Key": "dogbreed/data/train/A/x.jpg"}

    def watch(*arguments):
        aws.client("s3").put_object(**picture, Body=b"y")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(feature_job, "watch", watch)
        assert tune.main(FROZEN) == 1
    [first] = feature_jobs.made
    said = capsys.readouterr().err
    assert f"The pictures, or the weights, changed while {first} ran. Its features were removed and no trial was started" in said
    assert "run `make tune` again" in said and ready.made() == ["CreateTrainingJob"]
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="dogbreed/features/")
    aws.client("s3").put_object(**picture, Body=b"x")
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 2


def test_the_log_of_the_features_job_is_shown(ready, feature_jobs, write_log, monkeypatch, capsys):
    real = feature_job.watch

    def watch(aws, kind, name):
        write_log(FEATURES_GROUP, f"{name}/algo-1-17", "1,000 pictures")
        return real(aws, kind, name)

    monkeypatch.setattr(feature_job, "watch", watch)
    assert tune.main(FROZEN) == 0
    assert "1,000 pictures" in capsys.readouterr().out


def test_a_second_search_over_the_same_pictures_uses_the_features_again(ready, feature_jobs, capsys):
    assert tune.main(FROZEN) == 0
    [first] = feature_jobs.made
    ready.calls.clear()
    assert tune.main(["weight-decay=0.1", *FROZEN]) == 0
    assert ready.made() == ["CreateHyperParameterTuningJob"] and first in channels(ready)["features"]
    assert f"the features of {first} are used again" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["picture", "image", "hyperparameter"])
def test_other_pictures_another_image_and_another_backbone_are_other_features(ready, feature_jobs, aws, bucket, docker, tag, change):
    assert tune.main(FROZEN) == 0
    more = []
    if change == "picture":
        aws.client("s3").put_object(Bucket=bucket, Key="dogbreed/data/train/A/x.jpg", Body=b"y")
    elif change == "image":
        docker.run(["docker", "push", "host/dogbreed-train:another"], None)
        tag("another")
    else:
        more = ["arch=resnet18"]
    assert tune.main([*more, *FROZEN]) == 0
    first, second = feature_jobs.made.values()
    assert first["OutputDataConfig"]["S3OutputPath"] != second["OutputDataConfig"]["S3OutputPath"]


@pytest.mark.parametrize("end", ["Failed", "Stopped"])
def test_a_features_job_that_did_not_end_well_starts_no_trial_and_is_not_used_again(ready, aws, end, capsys):
    jobs = FeatureJobs(ready, aws.client("s3"), end)
    assert tune.main(FROZEN) == 1
    [first] = jobs.made
    said = capsys.readouterr().err
    assert f"The features job {first} is {end}" in said and f"error: No trial was started, since {first} left no features." in said
    assert ready.made() == ["CreateTrainingJob"]
    jobs.end = "Completed"
    assert tune.main(FROZEN) == 0
    assert len(jobs.made) == 2


@pytest.mark.parametrize("name, left", [
    ("bank.json", None), ("train.npy", None), ("train.npy", b"1234"), ("bank.json", b'{"sizes"'), ("bank.json", b"{}"),
])
def test_features_whose_files_are_not_all_there_are_computed_anew(ready, feature_jobs, aws, bucket, name, left, capsys):
    assert tune.main(FROZEN) == 0
    [first] = feature_jobs.made
    s3 = aws.client("s3")
    [key] = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="dogbreed/features/")["Contents"] if one["Key"].endswith(name)]
    if left is None:
        s3.delete_object(Bucket=bucket, Key=key)
    else:
        s3.put_object(Bucket=bucket, Key=key, Body=left)
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 2 and first not in channels_of_last(ready)["features"]
    assert f"the features of {first} are no longer all there: others are made" in capsys.readouterr().err


def test_ctrl_c_leaves_the_features_job_and_the_next_search_follows_it(ready, feature_jobs, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(feature_job, "watch", interrupted)
        assert tune.main(FROZEN) == 130
    [job] = feature_jobs.made
    said = capsys.readouterr().err
    assert f"{job} goes on without you" in said and "No trial was started: `make tune` again uses its features" in said
    assert ready.made() == ["CreateTrainingJob"]
    assert tune.main(FROZEN) == 0
    assert list(feature_jobs.made) == [job] and job in channels(ready)["features"]
    assert f"{job} computes these features already" in capsys.readouterr().err


def test_a_features_job_that_runs_for_another_backbone_is_let_be(ready, feature_jobs, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(feature_job, "watch", interrupted)
        assert tune.main(["arch=resnet18", *FROZEN]) == 130
    assert tune.main(FROZEN) == 0
    other, ours = feature_jobs.made
    assert ours in channels(ready)["features"] and other not in channels(ready)["features"]


def test_a_features_job_of_another_prefix_is_not_used(ready, feature_jobs, aws, bucket):
    assert tune.main(FROZEN) == 0
    [first] = feature_jobs.made
    key = feature_jobs.made[first]["OutputDataConfig"]["S3OutputPath"].rpartition("/")[2]
    feature_jobs.made.clear()
    for one in aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="dogbreed/features/")["Contents"]:
        aws.client("s3").delete_object(Bucket=bucket, Key=one["Key"])
    aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/features/{key}/somebodys-job/output/model/bank.json", Body=b"{}")
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 1 and "somebodys-job" not in channels_of_last(ready)["features"]


def channels_of_last(ready) -> dict[str, str]:
    *_, last = [request for name, request in ready.calls if name == "CreateHyperParameterTuningJob"]
    return {one["ChannelName"]: one["DataSource"]["S3DataSource"]["S3Uri"] for one in last["TrainingJobDefinition"]["InputDataConfig"]}


def test_a_tuned_hyperparameter_that_decides_the_features_keeps_the_trials_on_pictures(ready, feature_jobs, capsys):
    assert tune.main([*FROZEN, "--range", "arch=resnet18,resnet34", "--range", "image-size=128,224"]) == 0
    assert list(channels(ready)) == ["train", "valid", "test"] and feature_jobs.made == {}
    said = "the trials cannot share features, since arch and image-size may differ: each reads the pictures itself"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("given", [["epochs=3", "--no-wait"], ["feature-views=0", *FROZEN], ["mixup=0.2", *FROZEN]])
def test_where_trials_do_not_train_on_features_none_are_computed_and_nothing_is_said(ready, feature_jobs, given, capsys):
    assert tune.main(given) == 0
    assert feature_jobs.made == {} and "features" not in capsys.readouterr().err


def test_pictures_that_cannot_be_listed_are_no_ground_for_using_features_again(ready, feature_jobs, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "https://elsewhere/pictures")
    assert tune.main(FROZEN) == 0
    assert tune.main(FROZEN) == 0
    first, second = feature_jobs.made.values()
    assert first["OutputDataConfig"]["S3OutputPath"] != second["OutputDataConfig"]["S3OutputPath"]
    assert "https://elsewhere/pictures/train/ cannot be listed from here" in capsys.readouterr().err
    assert "ListTrainingJobs" not in [operation for operation, _ in ready.calls]


@pytest.mark.parametrize("denied", ["dogbreed/", "dogbreed/features/"])
def test_where_these_credentials_may_not_list_the_features_are_computed_anew(ready, feature_jobs, monkeypatch, denied, capsys):
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation == "ListObjectsV2" and request["Prefix"].startswith(denied):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert tune.main(FROZEN) == 0
    assert ready.made() == ["CreateTrainingJob", "CreateHyperParameterTuningJob"]
    assert "warning: the features are computed anew. AWS refused ListObjectsV2" in capsys.readouterr().err


def test_a_dry_run_prints_the_features_job_too_unless_its_features_are_there(ready, feature_jobs, capsys):
    assert tune.main([*FROZEN, "--dry-run"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["operation"], second["operation"]) == ("CreateTrainingJob", "CreateHyperParameterTuningJob")
    assert first["request"]["TrainingJobName"] in json.dumps(second["request"]["TrainingJobDefinition"]["InputDataConfig"])
    assert ready.made() == []
    assert tune.main(FROZEN) == 0
    capsys.readouterr()
    assert tune.main([*FROZEN, "--dry-run"]) == 0
    [only] = json.loads(capsys.readouterr().out)
    assert only["operation"] == "CreateHyperParameterTuningJob"
    assert [one["ChannelName"] for one in only["request"]["TrainingJobDefinition"]["InputDataConfig"]] == ["features"]
