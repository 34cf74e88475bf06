"""The features that trials of a frozen backbone share: computed once, before the trials."""

import json

import pytest

from scripts import tune
from scripts.tuning import features
from tests.scripts.tuning.service import FROZEN, channels, request

FEATURES_GROUP = "/aws/sagemaker/TrainingJobs"


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
