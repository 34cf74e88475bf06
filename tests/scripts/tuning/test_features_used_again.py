"""Features are used again by the next search, and never when anything differs."""

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import tune
from scripts.tuning import features
from tests.scripts.tuning.feature_jobs import FeatureJobs
from tests.scripts.tuning.service import FROZEN, channels


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
        and f"No trial was started, since {first} left no features." in said
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
