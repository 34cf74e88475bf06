"""make deploy: which model is served, and what is asked before anything is made."""

import json

import pytest

from scripts import deploy
from tests.scripts.deploy.endpoint import NOTHING, states

MODEL = "s3://some-bucket/dogbreed/jobs/dogbreed-train-b/output/model.tar.gz"


def test_the_models_container_has_no_network_and_where_aws_cannot_do_that_it_is_said(ready, monkeypatch, capsys):
    assert deploy.main([]) == 0
    assert ready.request("CreateModel")["EnableNetworkIsolation"] is True and "isolation" not in capsys.readouterr().err
    ready.answers["DescribeEndpoint"] = states(ready, [NOTHING, "InService"])
    ready.calls.clear()
    monkeypatch.setenv("SAGEMAKER_DEPLOY_MODE", "serverless")
    assert deploy.main([]) == 0
    assert ready.request("CreateModel")["EnableNetworkIsolation"] is False
    assert "a serverless endpoint cannot have network isolation" in capsys.readouterr().err


def test_the_newest_completed_job_of_this_prefix_is_served(ready, aws, capsys):
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    model, config = ready.request("CreateModel"), ready.request("CreateEndpointConfig")
    assert model["PrimaryContainer"]["ModelDataUrl"] == MODEL
    [repository] = aws.client("ecr").describe_repositories(repositoryNames=["dogbreed-serve"])["repositories"]
    assert model["PrimaryContainer"]["Image"] == f"{repository['repositoryUri']}:a86989924225"
    assert config["ProductionVariants"][0]["ModelName"] == model["ModelName"]
    assert ready.request("CreateEndpoint")["EndpointConfigName"] == config["EndpointConfigName"]
    shown = capsys.readouterr()
    assert "in service" in shown.out and "make delete" in shown.out
    assert shown.err.count("Creating") == 1


def test_a_job_or_an_archive_can_be_named(ready, aws):
    assert deploy.main(["--job", "dogbreed-train-a"]) == 0
    assert "dogbreed-train-a/" in ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"]
    ready.calls.clear()
    ready.answers["DescribeEndpoint"] = states(ready, [NOTHING, "InService"])
    aws.client("s3").create_bucket(Bucket="other", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert deploy.main(["--model-data", "s3://other/model.tar.gz"]) == 0
    assert ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"] == "s3://other/model.tar.gz"
    assert "DescribeTrainingJob" not in [operation for operation, _ in ready.calls]


def test_a_dry_run_prints_every_request_and_makes_none(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "3")
    assert deploy.main(["--dry-run"]) == 0
    assert [call["operation"] for call in json.loads(capsys.readouterr().out)] == [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]
    assert ready.made() == []


def test_without_a_trained_model_the_next_step_is_named(ready, capsys):
    ready.answers["ListTrainingJobs"] = {"TrainingJobSummaries": []}
    assert deploy.main([]) == 1
    assert "No training job of dogbreed is Completed in eu-west-1. Run `make train`." in capsys.readouterr().err


def test_a_job_that_left_no_model_is_a_sentence(ready, capsys):
    ready.answers["DescribeTrainingJob"] = {
        "TrainingJobName": "dogbreed-train-x",
        "TrainingJobStatus": "Failed",
        "ModelArtifacts": {},
    }
    assert deploy.main(["--job", "dogbreed-train-x"]) == 1
    assert "is Failed and left no model" in capsys.readouterr().err


def test_a_model_that_was_deleted_is_said_before_anything_is_made(ready, aws, bucket, capsys):
    aws.client("s3").delete_object(Bucket=bucket, Key="dogbreed/jobs/dogbreed-train-b/output/model.tar.gz")
    assert deploy.main([]) == 1
    assert f"The model of dogbreed-train-b is no longer at {MODEL}" in capsys.readouterr().err
    assert ready.made() == []


def test_an_image_that_is_not_pushed_is_said(ready, tag, capsys):
    tag("another")
    assert deploy.main([]) == 1
    assert "dogbreed-serve:another is not in ECR" in capsys.readouterr().err
    assert ready.made() == []


def test_a_gpu_without_a_driver_is_said_before_anything_is_made(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_DEPLOY_INSTANCE_TYPE", "ml.p2.xlarge")
    assert deploy.main([]) == 1
    assert "No machine image" in capsys.readouterr().err
    assert ready.made() == []


def test_features_are_no_model(ready, capsys):
    with_model, made_features = (
        ready.answers["DescribeTrainingJob"],
        ("dogbreed-features-20261122-185200-123", "dogbreed-train-c"),
    )
    ready.answers["DescribeTrainingJob"] = lambda request: (
        with_model(request)
        | ({"HyperParameters": {"features-only": "true"}} if request["TrainingJobName"] in made_features else {})
    )
    for name in made_features:
        assert deploy.main(["--job", name]) == 1
        assert f"{name} made features, and no model. Name another with --job." in capsys.readouterr().err
        ready.answers["ListTrainingJobs"]["TrainingJobSummaries"].insert(
            0,
            {
                "TrainingJobName": name,
                "TrainingJobArn": "arn:" + "x" * 20,
                "CreationTime": 9,
                "TrainingJobStatus": "Completed",
            },
        )
    assert deploy.main([]) == 0
    assert "dogbreed-train-c made features, and no model: an earlier job is looked for" in capsys.readouterr().err
    assert ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"] == MODEL


def test_a_trials_own_model_can_be_served(ready, aws, bucket):
    aws.client("s3").put_object(
        Bucket=bucket, Key="dogbreed/jobs/dogbreed-tune-x-002-1a2b3c4d/output/model.tar.gz", Body=b"x"
    )
    assert deploy.main(["--job", "dogbreed-tune-x-002-1a2b3c4d"]) == 0
    assert "dogbreed-tune-x-002-1a2b3c4d" in ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"]


@pytest.mark.parametrize(
    "variables, image",
    [
        ({}, "serve"),
        ({"SAGEMAKER_DEPLOY_INSTANCE_TYPE": "ml.c7i.large"}, "serve-cpu"),
        ({"SAGEMAKER_DEPLOY_MODE": "serverless"}, "serve-cpu"),
    ],
)
def test_what_has_no_gpu_is_served_by_the_image_without_cuda(ready, aws, docker, monkeypatch, variables, image):
    aws.client("ecr").create_repository(repositoryName="dogbreed-serve-cpu")
    docker.run(["docker", "push", "host/dogbreed-serve-cpu:a86989924225"], None)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert deploy.main([]) == 0
    assert f"/dogbreed-{image}:" in ready.request("CreateModel")["PrimaryContainer"]["Image"]
