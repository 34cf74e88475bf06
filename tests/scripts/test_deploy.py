"""make deploy: creates the endpoint or updates it, waits for what was asked, and tells why it did not come."""

import json

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import deploy
from scripts.aws.clients import Aws
from scripts.aws.endpoints import wait_until_gone
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from tests.scripts.sagemaker_stand_in import Refusal

NOTHING = Refusal(
    "ValidationException", 'Could not find endpoint "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/dogbreed".'
)
MODEL = "s3://some-bucket/dogbreed/jobs/dogbreed-train-b/output/model.tar.gz"


@pytest.fixture
def ready(sagemaker, aws, bucket, pushed_images):
    """Two jobs are Completed, no endpoint is there, and one that is created comes into service."""
    for job in ("dogbreed-train-a", "dogbreed-train-b"):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/jobs/{job}/output/model.tar.gz", Body=b"x")
    sagemaker.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": name,
                "TrainingJobArn": "arn:" + "x" * 20,
                "CreationTime": 2 - n,
                "TrainingJobStatus": "Completed",
            }
            for n, name in enumerate(["dogbreeder-train-c", "dogbreed-train-b", "dogbreed-train-a"])
        ]
    }
    sagemaker.answers["DescribeTrainingJob"] = lambda request: {
        "TrainingJobName": request["TrainingJobName"],
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {
            "S3ModelArtifacts": f"s3://some-bucket/dogbreed/jobs/{request['TrainingJobName']}/output/model.tar.gz"
        },
    }
    sagemaker.answers["DescribeEndpoint"] = states(sagemaker, [NOTHING, "Creating", "InService"])
    return sagemaker


def states(sagemaker, answers: list, served: str | None = None, **more):
    """DescribeEndpoint's answers in turn: a status, or a Refusal. served: the config, by default what was last asked
    for.
    """

    def describe(request):
        state = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(state, Refusal):
            raise state
        asked = [
            one["EndpointConfigName"]
            for operation, one in sagemaker.calls
            if operation in ("CreateEndpoint", "UpdateEndpoint")
        ]
        config = served or (asked[-1] if asked else "dogbreed-earlier")
        return {
            "EndpointName": "dogbreed",
            "EndpointStatus": state,
            "EndpointConfigName": config,
            "CreationTime": 1,
            **more,
        }

    return describe


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


def test_a_job_or_an_archive_can_be_named(ready):
    assert deploy.main(["--job", "dogbreed-train-a"]) == 0
    assert "dogbreed-train-a/" in ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"]
    ready.calls.clear()
    ready.answers["DescribeEndpoint"] = states(ready, [NOTHING, "InService"])
    assert deploy.main(["--model-data", "s3://b/model.tar.gz"]) == 0
    assert ready.request("CreateModel")["PrimaryContainer"]["ModelDataUrl"] == "s3://b/model.tar.gz"
    assert "DescribeTrainingJob" not in [operation for operation, _ in ready.calls]


def test_a_second_deploy_updates_the_endpoint(ready):
    ready.answers["DescribeEndpoint"] = states(ready, ["InService", "Updating", "InService"])
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]


def test_a_failed_endpoint_is_replaced(ready):
    ready.answers["DescribeEndpoint"] = states(ready, ["Failed", "Deleting", NOTHING, "Creating", "InService"])
    assert deploy.main([]) == 0
    assert ready.made() == ["CreateModel", "CreateEndpointConfig", "DeleteEndpoint", "CreateEndpoint"]


@pytest.mark.parametrize("status", ["Creating", "Updating", "Deleting", "RollingBack"])
def test_an_endpoint_that_takes_no_update_is_a_sentence_and_nothing_is_made(ready, status, capsys):
    ready.answers["DescribeEndpoint"] = states(ready, [status])
    assert deploy.main([]) == 1
    assert f"dogbreed is {status} and takes no update, nor can it be deleted yet. Wait until" in capsys.readouterr().err
    assert ready.made() == []


@pytest.mark.parametrize(
    "mode, more, said",
    [
        ("async", {}, "is not async and cannot become async"),
        ("realtime", {"AsyncInferenceConfig": {"OutputConfig": {}}}, "is async and cannot become realtime"),
    ],
)
def test_an_endpoint_that_would_have_to_become_async_or_cease_to_is_a_sentence(
    ready, monkeypatch, mode, more, said, capsys
):
    monkeypatch.setenv("SAGEMAKER_DEPLOY_MODE", mode)
    ready.answers["DescribeEndpoint"] = states(ready, ["InService"], **more)
    assert deploy.main([]) == 1
    assert said in capsys.readouterr().err
    assert ready.made() == []


def test_a_failure_tells_the_reason_after_the_last_log_lines(ready, write_log, capsys):
    write_log("/aws/sagemaker/Endpoints/dogbreed", "AllTraffic/i-1", "an old line")
    ready.answers["DescribeEndpoint"] = states(
        ready,
        [NOTHING, "Creating", "Failed"],
        FailureReason="The primary container did not pass the ping health check.",
    )
    real = ready.answers["DescribeEndpoint"]

    def describe(request):
        answer = real(request)
        if answer["EndpointStatus"] == "Creating":
            write_log("/aws/sagemaker/Endpoints/dogbreed", "AllTraffic/i-2", "error: the model could not be loaded")
        return answer

    ready.answers["DescribeEndpoint"] = describe
    assert deploy.main([]) == 1
    said = capsys.readouterr().err
    assert said.index("error: the model could not be loaded") < said.index("did not pass the ping health check")


def test_an_update_that_went_back_is_a_failure_although_the_endpoint_is_in_service(ready, capsys):
    ready.answers["DescribeEndpoint"] = states(
        ready,
        ["InService", "Updating", "RollingBack", "InService"],
        served="dogbreed-earlier",
        FailureReason="an alarm went off",
    )
    assert deploy.main([]) == 1
    assert "went back to dogbreed-earlier: an alarm went off" in capsys.readouterr().err


def test_autoscaling_is_set_when_the_endpoint_is_in_service(ready, aws, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "3")
    assert deploy.main([]) == 0
    scaling = aws.client("application-autoscaling")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (
        "endpoint/dogbreed/variant/AllTraffic",
        1,
        3,
    )
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 300


def test_autoscaling_that_is_no_longer_wanted_is_taken_back(ready, aws, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "3")
    assert deploy.main([]) == 0
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "0")
    ready.answers["DescribeEndpoint"] = states(ready, ["InService", "Updating", "InService"])
    assert deploy.main([]) == 0
    assert (
        aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        == []
    )


def test_an_async_endpoint_without_instances_is_woken_by_one_request(ready, aws, monkeypatch):
    for name, value in {
        "DEPLOY_MODE": "async",
        "AUTOSCALING_MAX_INSTANCES": "3",
        "AUTOSCALING_MIN_INSTANCES": "0",
    }.items():
        monkeypatch.setenv(f"SAGEMAKER_{name}", value)
    assert deploy.main([]) == 0
    policies = aws.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="sagemaker")[
        "ScalingPolicies"
    ]
    assert sorted(one["PolicyType"] for one in policies) == ["StepScaling", "TargetTrackingScaling"]
    [wake] = [one for one in policies if one["PolicyType"] == "StepScaling"]
    [alarm] = aws.client("cloudwatch").describe_alarms(AlarmNames=["dogbreed-wake"])["MetricAlarms"]
    assert (alarm["MetricName"], alarm["AlarmActions"]) == ("HasBacklogWithoutCapacity", [wake["PolicyARN"]])


@pytest.mark.parametrize(
    "was, first", [("ml.m5.large", "DeregisterScalableTarget"), ("ml.g4dn.xlarge", "UpdateEndpoint")]
)
def test_autoscaling_is_taken_back_before_an_update_that_it_would_keep_from_another_instance_type(
    ready, aws, monkeypatch, capsys, was, first
):
    monkeypatch.setenv("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "3")
    assert deploy.main([]) == 0
    ready.answers["DescribeEndpoint"] = states(ready, ["InService"])
    ready.answers["DescribeEndpointConfig"] = {
        "EndpointConfigName": "c",
        "EndpointConfigArn": "a",
        "CreationTime": 1,
        "ProductionVariants": [{"VariantName": "AllTraffic", "InstanceType": was}],
    }
    capsys.readouterr()
    assert deploy.main(["--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)[2]["operation"] == first
    ready.answers["DescribeEndpoint"] = states(ready, ["InService", "InService"], served="dogbreed-earlier")
    assert deploy.main([]) == 1
    assert ("Its autoscaling was taken back" in capsys.readouterr().err) == (first != "UpdateEndpoint")


def test_an_endpoint_with_instances_cannot_become_serverless(ready, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_DEPLOY_MODE", "serverless")
    ready.answers["DescribeEndpoint"] = states(ready, ["InService"], ProductionVariants=[{"VariantName": "AllTraffic"}])
    assert deploy.main([]) == 1
    assert "has instances and cannot become serverless" in capsys.readouterr().err
    assert ready.made() == []


def test_a_serverless_endpoint_that_gets_instances_has_none_to_move_traffic_from(ready):
    ready.answers["DescribeEndpoint"] = states(
        ready,
        ["InService"],
        ProductionVariants=[
            {"VariantName": "AllTraffic", "CurrentServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
        ],
    )
    assert deploy.main([]) == 0
    assert "DeploymentConfig" not in ready.request("UpdateEndpoint")


def test_one_who_may_not_see_autoscaling_can_deploy_without_it(ready, monkeypatch, capsys):
    real = botocore.client.BaseClient._make_api_call

    def call(client, operation, request):
        if operation in ("DescribeScalableTargets", "DescribeLogStreams"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, operation)
        return real(client, operation, request)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    assert deploy.main([]) == 0
    assert "is taken to have no autoscaling" in capsys.readouterr().err
    ready.answers["DescribeEndpoint"] = states(ready, [NOTHING, "Creating", "Failed"], FailureReason="no ping")
    assert deploy.main([]) == 1
    assert "no ping" in capsys.readouterr().err  # the reason comes although the log does not


def test_an_endpoint_that_cannot_be_deleted_is_not_waited_for(sagemaker, aws):
    sagemaker.answers["DescribeEndpoint"] = states(
        sagemaker, ["Deleting", "Failed"], FailureReason="a network interface is in use"
    )
    with pytest.raises(Failure, match="could not be deleted; it is Failed: a network"):
        wait_until_gone(Aws(load_settings()), "dogbreed")


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


def test_ctrl_c_leaves_the_endpoint_and_says_so(ready, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(deploy, "wait_until_in_service", interrupted)
    assert deploy.main([]) == 130
    assert "keeps running" in capsys.readouterr().err


def test_waiting_for_the_end_of_an_endpoint_that_is_not_there_ends(sagemaker, aws):
    sagemaker.answers["DescribeEndpoint"] = NOTHING
    wait_until_gone(Aws(load_settings()), "dogbreed")


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
