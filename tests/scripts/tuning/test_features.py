"""The features that trials of a frozen backbone share: computed once, used again, and never when anything differs."""

import json

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import tune
from scripts.tuning import features
from tests.scripts.tuning.service import FROZEN, channels, request

FEATURES_GROUP = "/aws/sagemaker/TrainingJobs"


class FeatureJobs:
    """Training jobs of the stand-in: those that were created end as `end` says, and leave two files."""

    def __init__(self, sagemaker, s3, end: str = "Completed"):
        self.end, self.made, self._s3 = end, {}, s3
        self._trials = sagemaker.answers["DescribeTrainingJob"]
        sagemaker.answers |= {
            "CreateTrainingJob": self._create,
            "DescribeTrainingJob": self._describe,
            "ListTrainingJobs": lambda request: {
                "TrainingJobSummaries": [
                    {
                        "TrainingJobName": name,
                        "TrainingJobArn": "arn",
                        "CreationTime": 1,
                        "TrainingJobStatus": one["TrainingJobStatus"],
                    }
                    for name, one in self.made.items()
                    if one["TrainingJobStatus"] == request.get("StatusEquals")
                ]
            },
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
                self._s3.put_object(
                    Bucket="some-bucket", Key=f"{above}/{job['TrainingJobName']}/output/model/{name}", Body=content
                )
        return answer | (
            {"FailureReason": "AlgorithmError: no weights."} if answer["TrainingJobStatus"] == "Failed" else {}
        )


@pytest.fixture
def feature_jobs(ready, aws):
    return FeatureJobs(ready, aws.client("s3"))


def test_the_features_of_a_frozen_backbone_are_computed_once_and_every_trial_reads_them(
    ready, feature_jobs, write_log, capsys
):
    assert tune.main(FROZEN) == 0
    assert ready.made() == ["CreateTrainingJob", "CreateHyperParameterTuningJob"]
    made = ready.request("CreateTrainingJob")
    assert made["TrainingJobName"].startswith("dogbreed-features-")
    assert made["HyperParameters"] == {
        "sagemaker_container_log_level": "30",
        "freeze-backbone": "true",
        "epochs": "3",
        "features-only": "true",
    }
    assert [one["ChannelName"] for one in made["InputDataConfig"]] == ["train", "valid", "test"]
    output = made["OutputDataConfig"]["S3OutputPath"]
    assert (
        output.startswith("s3://some-bucket/dogbreed/features/")
        and made["OutputDataConfig"]["CompressionType"] == "NONE"
    )
    assert channels(ready) == {"features": f"{output}/{made['TrainingJobName']}/output/model/"}
    assert "features-only" not in request(ready)["TrainingJobDefinition"]["StaticHyperParameters"]
    assert f"started {made['TrainingJobName']}: it computes once what all trials read" in capsys.readouterr().err


def test_weights_of_ones_own_go_to_the_features_job_and_the_trials_get_the_features_alone(
    ready, feature_jobs, aws, bucket, monkeypatch
):
    monkeypatch.setenv("SAGEMAKER_TRAIN_PRETRAINED", "s3://some-bucket/weights/")
    aws.client("s3").put_object(Bucket=bucket, Key="weights/resnet50.safetensors", Body=b"w")
    assert tune.main(FROZEN) == 0
    made = ready.request("CreateTrainingJob")
    assert [one["ChannelName"] for one in made["InputDataConfig"]] == ["train", "valid", "test", "pretrained"]
    assert list(channels(ready)) == ["features"]


def test_pictures_that_change_while_the_features_are_computed_start_no_trial_and_leave_no_features(
    ready, feature_jobs, aws, bucket, monkeypatch, capsys
):
    real, picture = features.watch, {"Bucket": bucket, "Key": "dogbreed/data/train/A/x.jpg"}

    def watch(*arguments):
        aws.client("s3").put_object(**picture, Body=b"y")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(features, "watch", watch)
        assert tune.main(FROZEN) == 1
    [first] = feature_jobs.made
    said = capsys.readouterr().err
    assert (
        f"The pictures, or the weights, changed while {first} ran. Its features were removed and no trial was started"
        in said
    )
    assert "run `make tune` again" in said and ready.made() == ["CreateTrainingJob"]
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="dogbreed/features/")
    aws.client("s3").put_object(**picture, Body=b"x")
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 2


def test_the_log_of_the_features_job_is_shown(ready, feature_jobs, write_log, monkeypatch, capsys):
    real = features.watch

    def watch(aws, kind, name):
        write_log(FEATURES_GROUP, f"{name}/algo-1-17", "1,000 pictures")
        return real(aws, kind, name)

    monkeypatch.setattr(features, "watch", watch)
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
def test_other_pictures_another_image_and_another_backbone_are_other_features(
    ready, feature_jobs, aws, bucket, docker, tag, change
):
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
    assert (
        f"The features job {first} is {end}" in said
        and f"error: No trial was started, since {first} left no features." in said
    )
    assert ready.made() == ["CreateTrainingJob"]
    jobs.end = "Completed"
    assert tune.main(FROZEN) == 0
    assert len(jobs.made) == 2


@pytest.mark.parametrize(
    "name, left",
    [
        ("bank.json", None),
        ("train.npy", None),
        ("train.npy", b"1234"),
        ("bank.json", b'{"sizes"'),
        ("bank.json", b"{}"),
    ],
)
def test_features_whose_files_are_not_all_there_are_computed_anew(ready, feature_jobs, aws, bucket, name, left, capsys):
    assert tune.main(FROZEN) == 0
    [first] = feature_jobs.made
    s3 = aws.client("s3")
    [key] = [
        one["Key"]
        for one in s3.list_objects_v2(Bucket=bucket, Prefix="dogbreed/features/")["Contents"]
        if one["Key"].endswith(name)
    ]
    if left is None:
        s3.delete_object(Bucket=bucket, Key=key)
    else:
        s3.put_object(Bucket=bucket, Key=key, Body=left)
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 2 and first not in channels(ready)["features"]
    assert f"the features of {first} are no longer all there: others are made" in capsys.readouterr().err


def test_ctrl_c_leaves_the_features_job_and_the_next_search_follows_it(ready, feature_jobs, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(features, "watch", interrupted)
        assert tune.main(FROZEN) == 130
    [job] = feature_jobs.made
    said = capsys.readouterr().err
    assert f"{job} keeps running" in said and "No trial was started: `make tune` again uses its features" in said
    assert ready.made() == ["CreateTrainingJob"]
    assert tune.main(FROZEN) == 0
    assert list(feature_jobs.made) == [job] and job in channels(ready)["features"]
    assert f"{job} computes these features already" in capsys.readouterr().err


def test_a_features_job_that_runs_for_another_backbone_is_let_be(ready, feature_jobs, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(features, "watch", interrupted)
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
    aws.client("s3").put_object(
        Bucket=bucket, Key=f"dogbreed/features/{key}/somebodys-job/output/model/bank.json", Body=b"{}"
    )
    assert tune.main(FROZEN) == 0
    assert len(feature_jobs.made) == 1 and "somebodys-job" not in channels(ready)["features"]


def test_a_tuned_hyperparameter_that_decides_the_features_keeps_the_trials_on_pictures(ready, feature_jobs, capsys):
    assert tune.main([*FROZEN, "--range", "arch=resnet18,resnet34", "--range", "image-size=128,224"]) == 0
    assert list(channels(ready)) == ["train", "valid", "test"] and feature_jobs.made == {}
    said = "the trials cannot share features, since arch and image-size may differ: each reads the pictures itself"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("given", [["epochs=3", "--no-wait"], ["feature-views=0", *FROZEN], ["mixup=0.2", *FROZEN]])
def test_where_trials_do_not_train_on_features_none_are_computed_and_nothing_is_said(
    ready, feature_jobs, given, capsys
):
    assert tune.main(given) == 0
    assert feature_jobs.made == {} and "features" not in capsys.readouterr().err


def test_pictures_that_cannot_be_listed_are_no_ground_for_using_features_again(
    ready, feature_jobs, monkeypatch, capsys
):
    monkeypatch.setenv("SAGEMAKER_TRAIN_DATA", "https://elsewhere/pictures")
    assert tune.main(FROZEN) == 0
    assert tune.main(FROZEN) == 0
    first, second = feature_jobs.made.values()
    assert first["OutputDataConfig"]["S3OutputPath"] != second["OutputDataConfig"]["S3OutputPath"]
    assert "https://elsewhere/pictures/train/ cannot be listed from here" in capsys.readouterr().err
    assert "ListTrainingJobs" not in [operation for operation, _ in ready.calls]


@pytest.mark.parametrize("denied", ["dogbreed/", "dogbreed/features/"])
def test_where_these_credentials_may_not_list_the_features_are_computed_anew(
    ready, feature_jobs, monkeypatch, denied, capsys
):
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
    assert first["request"]["TrainingJobName"] in json.dumps(
        second["request"]["TrainingJobDefinition"]["InputDataConfig"]
    )
    assert ready.made() == []
    assert tune.main(FROZEN) == 0
    capsys.readouterr()
    assert tune.main([*FROZEN, "--dry-run"]) == 0
    [only] = json.loads(capsys.readouterr().out)
    assert only["operation"] == "CreateHyperParameterTuningJob"
    assert [one["ChannelName"] for one in only["request"]["TrainingJobDefinition"]["InputDataConfig"]] == ["features"]
