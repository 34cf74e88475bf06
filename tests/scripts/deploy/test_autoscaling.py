"""make deploy: autoscaling, and an endpoint that changes between instances, async and serverless."""

import json

import botocore.client
import pytest
from botocore.exceptions import ClientError

from scripts import deploy
from tests.scripts.deploy.endpoint import NOTHING, states


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
        "EndpointConfigName": "dogbreed-1",
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
