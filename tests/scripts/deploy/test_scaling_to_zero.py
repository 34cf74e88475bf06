"""make deploy of a realtime endpoint that scales to zero: an endpoint without a model, and the inference component on
it.
"""

import json

import pytest

from scripts import deploy
from tests.scripts.deploy.component import NO_COMPONENT, TO_ZERO, component_states, hosting
from tests.scripts.deploy.endpoint import NOTHING, states
from tests.scripts.sagemaker_stand_in import Refusal


@pytest.fixture
def to_zero(ready, monkeypatch):
    for name, value in TO_ZERO.items():
        monkeypatch.setenv(name, value)
    ready.answers["DescribeInferenceComponent"] = component_states(ready, ["Creating", "InService"])
    return ready


def targets(aws) -> list:
    found = aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    return [one["ResourceId"] for one in found["ScalableTargets"]]


def test_the_component_comes_when_the_endpoint_is_in_service_and_its_copies_are_scaled(to_zero, aws, capsys):
    assert deploy.main([]) == 0
    assert to_zero.made() == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint", "CreateInferenceComponent"]
    [variant] = to_zero.request("CreateEndpointConfig")["ProductionVariants"]
    assert "ModelName" not in variant
    model = to_zero.request("CreateModel")["ModelName"]
    assert to_zero.request("CreateInferenceComponent")["Specification"]["ModelName"] == model
    assert targets(aws) == ["inference-component/dogbreed"]
    policies = aws.client("application-autoscaling").describe_scaling_policies(ServiceNamespace="sagemaker")
    assert sorted(one["PolicyType"] for one in policies["ScalingPolicies"]) == ["StepScaling", "TargetTrackingScaling"]
    [wake] = [one for one in policies["ScalingPolicies"] if one["PolicyType"] == "StepScaling"]
    [alarm] = aws.client("cloudwatch").describe_alarms(AlarmNames=["dogbreed-wake"])["MetricAlarms"]
    assert (alarm["MetricName"], alarm["AlarmActions"]) == ("NoCapacityInvocationFailures", [wake["PolicyARN"]])
    shown = capsys.readouterr()
    assert "inference component dogbreed: InService" in shown.err
    assert "costs nothing until the next one" in shown.err
    assert "the endpoint costs nothing at zero instances, and is there until make delete" in shown.out


def test_a_second_deploy_changes_the_model_alone(to_zero, aws, capsys):
    assert deploy.main([]) == 0
    to_zero.calls.clear()
    capsys.readouterr()
    hosting(to_zero, ["InService"], ["InService", "Updating", "InService"])
    assert deploy.main(["--json"]) == 0
    assert to_zero.made() == ["CreateModel", "UpdateInferenceComponent"]
    assert "RuntimeConfig" not in to_zero.request("UpdateInferenceComponent")
    assert targets(aws) == ["inference-component/dogbreed"]
    found = json.loads(capsys.readouterr().out)
    assert (found["config"], found["status"]) == ("dogbreed-earlier", "InService")


def test_a_dry_run_prints_all_requests_in_their_order(to_zero, capsys):
    assert deploy.main(["--dry-run"]) == 0
    assert [call["operation"] for call in json.loads(capsys.readouterr().out)] == [
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "CreateInferenceComponent",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "PutScalingPolicy",
        "PutMetricAlarm",
    ]
    assert to_zero.made() == []


def test_a_component_that_failed_is_replaced_and_scaled_anew(to_zero, aws):
    assert deploy.main([]) == 0
    to_zero.calls.clear()
    hosting(to_zero, ["InService"], ["Failed", "Failed", "Deleting", NO_COMPONENT, "Creating", "InService"])
    assert deploy.main([]) == 0
    assert to_zero.made() == ["CreateModel", "DeleteInferenceComponent", "CreateInferenceComponent"]
    assert targets(aws) == ["inference-component/dogbreed"]


def test_the_component_of_a_failed_endpoint_goes_before_it(to_zero):
    hosting(
        to_zero,
        ["Failed", NOTHING, "Creating", "InService"],
        ["InService", "InService", NO_COMPONENT, "Creating", "InService"],
    )
    assert deploy.main([]) == 0
    assert to_zero.made() == [
        "CreateModel",
        "CreateEndpointConfig",
        "DeleteInferenceComponent",
        "DeleteEndpoint",
        "CreateEndpoint",
        "CreateInferenceComponent",
    ]


@pytest.mark.parametrize(
    ("states_", "more", "said"),
    [
        (["Creating", "Failed"], {"FailureReason": "no ping"}, "dogbreed is Failed: no ping. Mend it and deploy again"),
        (["Creating", NO_COMPONENT], {}, "dogbreed is gone: something else has deleted it"),
        (["Creating", "InService"], {"served": "other", "FailureReason": "no ping"}, "went back to other: no ping"),
    ],
)
def test_a_component_that_does_not_come_is_told_with_its_reason(to_zero, aws, capsys, states_, more, said):
    to_zero.answers["DescribeInferenceComponent"] = component_states(to_zero, states_, **more)
    assert deploy.main([]) == 1
    assert said in capsys.readouterr().err
    assert targets(aws) == []


def test_a_component_that_is_refused_leaves_an_endpoint_without_a_model_and_says_so(to_zero, capsys):
    to_zero.answers["CreateInferenceComponent"] = Refusal("ResourceLimitExceeded", "Too many components.")
    assert deploy.main([]) == 1
    assert "The endpoint dogbreed is in service without a model, and costs" in capsys.readouterr().err


def test_an_update_that_is_refused_leaves_no_model(to_zero):
    hosting(to_zero, ["InService"], ["InService"])
    to_zero.answers["UpdateInferenceComponent"] = Refusal("ValidationException", "Not now.")
    assert deploy.main([]) == 1
    assert to_zero.made() == ["CreateModel", "UpdateInferenceComponent", "DeleteModel"]


def test_a_component_that_is_changing_takes_no_update(to_zero, capsys):
    hosting(to_zero, ["InService"], ["Updating"])
    assert deploy.main([]) == 1
    assert "The inference component dogbreed is Updating and takes no update" in capsys.readouterr().err
    assert to_zero.made() == []


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("SAGEMAKER_AUTOSCALING_MAX_INSTANCES", "3", "another autoscaling.max-instances"),
        ("SAGEMAKER_DEPLOY_INSTANCE_TYPE", "ml.g5.xlarge", "another deploy.instance-type"),
        ("SAGEMAKER_DEPLOY_NETWORK_ISOLATION", "false", "another deploy.network-isolation"),
        (
            "SAGEMAKER_AUTOSCALING_MIN_INSTANCES",
            "1",
            "its model by an inference component and cannot become one without",
        ),
    ],
)
def test_other_machines_under_a_component_are_refused_by_the_setting(
    to_zero, monkeypatch, capsys, setting, value, named
):
    hosting(to_zero, ["InService"], ["InService"])
    monkeypatch.setenv(setting, value)
    assert deploy.main([]) == 1
    assert named in (said := capsys.readouterr().err) and "Run `make delete`, then deploy again." in said
    assert to_zero.made() == []


def test_an_endpoint_with_a_model_of_its_own_does_not_become_one_that_scales_to_zero(to_zero, capsys):
    to_zero.answers["DescribeEndpoint"] = states(to_zero, ["InService"])
    assert deploy.main([]) == 1
    assert "has a model of its own and cannot become one that scales to zero" in capsys.readouterr().err
    assert to_zero.made() == []


def test_an_end_is_refused_since_aws_would_not_delete_the_endpoint_then(to_zero, capsys):
    assert deploy.main(["--for", "4h"]) == 1
    assert "AWS deletes no endpoint that has an inference component" in capsys.readouterr().err
    assert to_zero.calls == []
