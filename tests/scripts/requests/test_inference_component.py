"""An endpoint that scales to zero: its config, its inference component and their autoscaling, as AWS's models allow."""

import pytest

from scripts.requests.autoscaling import (
    copies_target,
    policy_request,
    register_request,
    wake_alarm_request,
    wake_policy_request,
)
from scripts.requests.inference_component import (
    create_component_request,
    host_config_request,
    update_component_request,
)
from tests.scripts.requests.requested import LONGEST_PREFIX, ROLE, settings
from tests.scripts.service_model import problems

TO_ZERO = {"sagemaker_autoscaling_max_instances": "4", "sagemaker_autoscaling_min_instances": "0"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"image_prefix": LONGEST_PREFIX},
        {"sagemaker_deploy_instance_type": "ml.m5.large", "sagemaker_deploy_instance_count": "2"},
        {"sagemaker_deploy_instance_type": "ml.g5.xlarge", "sagemaker_deploy_cuda": "13"},
    ],
)
def test_what_scales_to_zero_is_such_as_its_services_take(environment):
    chosen = settings(**TO_ZERO, **environment)
    requests = {
        ("sagemaker", "CreateEndpointConfig"): host_config_request(chosen, name="n", role_arn=ROLE),
        ("sagemaker", "CreateInferenceComponent"): create_component_request(chosen, model="n"),
        ("sagemaker", "UpdateInferenceComponent"): update_component_request(chosen, model="n"),
        ("application-autoscaling", "RegisterScalableTarget"): register_request(chosen),
        ("application-autoscaling", "PutScalingPolicy"): policy_request(chosen),
        ("application-autoscaling", "DeregisterScalableTarget"): copies_target(chosen.prefix),
        ("cloudwatch", "PutMetricAlarm"): wake_alarm_request(chosen, "arn:aws:autoscaling:x"),
    }
    for (service, operation), request in requests.items():
        assert problems(service, operation, request) == []
    assert problems("application-autoscaling", "PutScalingPolicy", wake_policy_request(chosen)) == []


def test_the_variant_has_no_model_and_its_instances_go_down_to_none():
    request = host_config_request(settings(**TO_ZERO), name="n", role_arn=ROLE)
    [variant] = request["ProductionVariants"]
    assert "ModelName" not in variant and request["ExecutionRoleArn"] == ROLE
    assert variant["ManagedInstanceScaling"] == {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 4}
    assert variant["RoutingConfig"] == {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    assert variant["InferenceAmiVersion"] == "al2-ami-sagemaker-inference-gpu-3-1"
    assert request["EnableNetworkIsolation"] is True


def test_a_copy_has_a_gpu_where_there_are_some_and_else_a_core():
    for instance, field in (("ml.g4dn.xlarge", "Accelerator"), ("ml.m5.large", "CpuCores")):
        chosen = settings(**TO_ZERO, sagemaker_deploy_instance_type=instance)
        needs = create_component_request(chosen, model="n")["Specification"]["ComputeResourceRequirements"]
        assert [value for name, value in needs.items() if field in name] == [1] and len(needs) == 2


def test_an_update_leaves_the_copies_to_autoscaling():
    chosen = settings(**TO_ZERO, sagemaker_deploy_instance_count="2")
    assert create_component_request(chosen, model="n")["RuntimeConfig"] == {"CopyCount": 2}
    assert "RuntimeConfig" not in update_component_request(chosen, model="n")


def test_the_copies_scale_by_their_requests_and_a_refused_request_wakes_them():
    chosen = settings(**TO_ZERO)
    assert (register_request(chosen)["MinCapacity"], register_request(chosen)["MaxCapacity"]) == (0, 4)
    tracking = policy_request(chosen)["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerInferenceComponentInvocationsPerCopy"
    }
    alarm = wake_alarm_request(chosen, "arn:policy")
    assert alarm["MetricName"] == "NoCapacityInvocationFailures" and alarm["AlarmActions"] == ["arn:policy"]
    assert alarm["Dimensions"] == [{"Name": "InferenceComponentName", "Value": "dogbreed"}]
