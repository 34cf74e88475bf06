"""Models, endpoints, autoscaling and transform jobs: allowed by the service's own model, and as the settings say."""

import pytest

from scripts.config.names import timestamp, transform_job, version
from scripts.console.failure import Failure
from scripts.requests.autoscaling import (
    policy_request,
    register_request,
    scalable_target,
    wake_alarm_request,
    wake_policy_request,
)
from scripts.requests.endpoint import (
    create_endpoint_request,
    endpoint_config_request,
    model_request,
    update_endpoint_request,
)
from scripts.requests.gpu_ami import inference_ami, transform_ami
from scripts.requests.transform_job import transform_job_request
from tests.scripts.requests.requested import LONGEST_PREFIX, ROLE, layout, settings
from tests.scripts.service_model import problems

SEVERAL = {"sagemaker_deploy_instance_count": "2"}  # traffic moves to some of them first


def test_a_model_is_one_that_sagemaker_takes():
    chosen = settings(image_prefix=LONGEST_PREFIX)
    request = model_request(
        chosen,
        name=version(chosen.prefix, timestamp()),
        image="host:5055/dogbreed-serve:abc",
        model_data="s3://b/jobs/x/output/model.tar.gz",
        role_arn=ROLE,
    )
    assert problems("sagemaker", "CreateModel", request) == []
    assert request["PrimaryContainer"]["Environment"] == {"DOGBREED_TOP_K": "5"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"image_prefix": LONGEST_PREFIX, "sagemaker_capture_percent": "100"},
        {"sagemaker_deploy_mode": "async"},
        {"sagemaker_deploy_mode": "serverless"},
        {"sagemaker_deploy_instance_type": "ml.m5.large"},
        {"sagemaker_deploy_instance_type": "ml.g7e.2xlarge", "sagemaker_deploy_cuda": "13"},
    ],
)
def test_an_endpoint_config_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name = version(chosen.prefix, timestamp())
    request = endpoint_config_request(chosen, layout(chosen.prefix), name=name, model=name)
    assert problems("sagemaker", "CreateEndpointConfig", request) == []


def variant(**environment):
    [found] = endpoint_config_request(settings(**environment), layout(), name="n", model="n")["ProductionVariants"]
    return found


def test_a_g4dn_endpoint_starts_with_the_driver_of_cuda_12_and_time_to_load():
    assert variant()["InferenceAmiVersion"] == "al2-ami-sagemaker-inference-gpu-3-1"
    assert variant()["ContainerStartupHealthCheckTimeoutInSeconds"] == 900


def test_an_instance_without_a_gpu_has_no_driver_to_choose():
    assert "InferenceAmiVersion" not in variant(sagemaker_deploy_instance_type="ml.c5.xlarge")


def test_a_serverless_variant_names_no_instance():
    assert variant(sagemaker_deploy_mode="serverless").keys() == {"VariantName", "ModelName", "ServerlessConfig"}


@pytest.mark.parametrize(
    "instance_type, cuda, endpoint, transform",
    [
        ("ml.g4dn.xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
        ("ml.g5.xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
        ("ml.p4d.24xlarge", 12, "al2-ami-sagemaker-inference-gpu-3-1", "al2-ami-sagemaker-batch-gpu-535"),
        ("ml.m5.xlarge", 12, None, None),
        ("ml.c6i.xlarge", 13, None, None),
        ("ml.inf2.xlarge", 12, None, None),
    ],
)
def test_the_machine_image_fits_the_gpu_and_its_cuda(instance_type, cuda, endpoint, transform):
    assert inference_ami(instance_type, cuda) == endpoint
    assert transform_ami(instance_type, cuda) == transform


def test_cuda_13_has_a_machine_image_for_endpoints_only():
    assert inference_ami("ml.g4dn.xlarge", 13) == "al2023-ami-sagemaker-inference-gpu-4-1"
    with pytest.raises(Failure, match=r"transform job on ml.g4dn.xlarge with CUDA 13"):
        transform_ami("ml.g4dn.xlarge", 13)


@pytest.mark.parametrize("instance_type", ["ml.p2.xlarge", "ml.g7e.2xlarge"])
def test_a_gpu_that_no_driver_of_cuda_12_knows_is_refused(instance_type):
    with pytest.raises(Failure, match=f"{instance_type} with CUDA 12.*Choose another"):
        inference_ami(instance_type, 12)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"image_prefix": LONGEST_PREFIX},
        {**SEVERAL, "sagemaker_update_traffic": "CANARY", "sagemaker_update_alarms": "errors,latency"},
        {
            **SEVERAL,
            "sagemaker_update_traffic": "LINEAR",
            "sagemaker_update_step_percent": "10",
            "sagemaker_update_wait_seconds": "2500",
        },
        {"sagemaker_update_alarms": "errors", "sagemaker_update_keep_old_seconds": "600"},
        {"sagemaker_deploy_mode": "serverless"},
        {"sagemaker_deploy_mode": "async"},
        {"sagemaker_autoscaling_max_instances": "4"},
    ],
)
def test_an_endpoint_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    config = version(chosen.prefix, timestamp())
    assert problems("sagemaker", "CreateEndpoint", create_endpoint_request(chosen, config=config)) == []
    assert problems("sagemaker", "UpdateEndpoint", update_endpoint_request(chosen, config=config)) == []


def test_a_canary_moves_a_step_and_goes_back_on_an_alarm():
    deployment = update_endpoint_request(
        settings(**SEVERAL, sagemaker_update_traffic="CANARY", sagemaker_update_alarms="errors"), config="c"
    )["DeploymentConfig"]
    assert deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 300,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
    }
    assert deployment["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "errors"}]}


def test_an_update_may_last_longer_than_everything_it_waits_for():
    deployment = update_endpoint_request(
        settings(
            **SEVERAL,
            sagemaker_update_traffic="LINEAR",
            sagemaker_update_step_percent="30",
            sagemaker_update_keep_old_seconds="100",
        ),
        config="c",
    )["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert deployment["MaximumExecutionTimeoutInSeconds"] > 4 * 300 + 100 + 900 + 900


def test_an_update_keeps_the_instances_that_autoscaling_brought_and_only_then():
    assert (
        update_endpoint_request(settings(sagemaker_autoscaling_max_instances="3"), config="c")[
            "RetainAllVariantProperties"
        ]
        is True
    )
    assert "RetainAllVariantProperties" not in update_endpoint_request(settings(), config="c")


def test_an_update_excludes_nothing_that_aws_does_not_let_it_exclude():
    request = update_endpoint_request(settings(sagemaker_autoscaling_max_instances="3"), config="c")
    assert "ExcludeRetainedVariantProperties" not in request


@pytest.mark.parametrize("mode, low", [("realtime", "1"), ("async", "0")])
def test_autoscaling_is_such_as_its_service_takes(mode, low):
    chosen = settings(
        sagemaker_deploy_mode=mode,
        sagemaker_autoscaling_max_instances="4",
        sagemaker_autoscaling_min_instances=low,
        image_prefix=LONGEST_PREFIX,
    )
    assert problems("application-autoscaling", "PutScalingPolicy", wake_policy_request(chosen)) == []
    assert problems("cloudwatch", "PutMetricAlarm", wake_alarm_request(chosen, "arn:aws:autoscaling:x")) == []
    for operation, request in {
        "RegisterScalableTarget": register_request(chosen),
        "PutScalingPolicy": policy_request(chosen),
        "DeregisterScalableTarget": scalable_target(chosen),
    }.items():
        assert problems("application-autoscaling", operation, request) == []
    assert register_request(chosen)["MinCapacity"] == int(low)


def test_async_endpoints_scale_by_what_waits_and_realtime_ones_by_requests():
    waiting = policy_request(settings(sagemaker_deploy_mode="async"))["TargetTrackingScalingPolicyConfiguration"]
    assert waiting["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    requests = policy_request(settings())["TargetTrackingScalingPolicyConfiguration"]
    assert requests["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }
    assert (waiting["TargetValue"], requests["TargetValue"]) == (5.0, 300.0)


@pytest.mark.parametrize(
    "environment", [{}, {"image_prefix": LONGEST_PREFIX}, {"sagemaker_transform_instance_type": "ml.m5.large"}]
)
def test_a_transform_job_is_one_that_sagemaker_takes(environment):
    chosen = settings(**environment)
    name = transform_job(chosen.prefix, timestamp())
    request = transform_job_request(
        chosen,
        name=name,
        model=version(chosen.prefix, timestamp()),
        source="s3://b/in/",
        output=layout().transform(name),
    )
    assert problems("sagemaker", "CreateTransformJob", request) == []
    assert ("TransformAmiVersion" in request["TransformResources"]) == ("g4dn" in chosen.transform.instance_type)
