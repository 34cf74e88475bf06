"""CreateModel, CreateEndpointConfig, CreateEndpoint, and UpdateEndpoint with a blue/green deployment.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

import math
from typing import Any

from scripts.config.contradictions import LONGEST_UPDATE
from scripts.config.layout import Layout
from scripts.config.names import VARIANT, endpoint, project_tags
from scripts.config.settings import Settings
from scripts.requests.gpu_ami import common_inference_ami
from scripts.requests.instances import preferred_types, variant_instances
from scripts.requests.network_isolation import model_is_isolated


def model_request(
    settings: Settings, *, name: str, image: str, model_data: str, role_arn: str, serverless: bool = False
) -> dict[str, Any]:
    """Request for the model `name`: the serve image with a job's model.tar.gz. model_data: its URI. serverless: its
    endpoint.
    """
    return {
        "ModelName": name,
        "PrimaryContainer": {"Image": image, "ModelDataUrl": model_data, "Environment": settings.environment},
        "ExecutionRoleArn": role_arn,
        "EnableNetworkIsolation": model_is_isolated(settings, serverless=serverless),
        "Tags": project_tags(settings.prefix),
    }


def endpoint_config_request(settings: Settings, layout: Layout, *, name: str, model: str) -> dict[str, Any]:
    """Request for the endpoint config `name` that serves the model named `model`. Raises Failure as
    `common_inference_ami` does.
    """
    request: dict[str, Any] = {
        "EndpointConfigName": name,
        "ProductionVariants": [_variant(settings, model)],
        "Tags": project_tags(settings.prefix),
    }
    if settings.deploy.mode == "async":
        request["AsyncInferenceConfig"] = {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": settings.async_.max_concurrent},
            "OutputConfig": {
                "S3OutputPath": f"{layout.asynchronous}/answers",
                "S3FailurePath": f"{layout.asynchronous}/failures",
            },
        }
    if settings.capture.percent:
        request["DataCaptureConfig"] = {
            "EnableCapture": True,
            "InitialSamplingPercentage": settings.capture.percent,
            "DestinationS3Uri": layout.capture,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            # Anything else, pictures too, is kept as base64.
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
    return request


def create_endpoint_request(settings: Settings, *, config: str) -> dict[str, Any]:
    return {
        "EndpointName": endpoint(settings.prefix),
        "EndpointConfigName": config,
        "Tags": project_tags(settings.prefix),
    }


def update_endpoint_request(settings: Settings, *, config: str, serverless: bool = False) -> dict[str, Any]:
    """Request that brings the endpoint to the endpoint config named `config`. serverless: whether it is that now."""
    request: dict[str, Any] = {"EndpointName": endpoint(settings.prefix), "EndpointConfigName": config}
    if serverless or settings.deploy.mode == "serverless":
        return request  # deployment guardrails move traffic from instances to instances
    if settings.autoscaling.max_instances:
        # Keep the instances that autoscaling has brought. What is captured cannot be excluded (VariantProperty).
        request["RetainAllVariantProperties"] = True
    request["DeploymentConfig"] = _deployment(settings)
    return request


def _variant(settings: Settings, model: str) -> dict[str, Any]:
    variant = {"VariantName": VARIANT, "ModelName": model}
    deploy = settings.deploy
    if deploy.mode == "serverless":
        serverless = {
            "MemorySizeInMB": settings.serverless.memory_mb,
            "MaxConcurrency": settings.serverless.max_concurrency,
        }
        return {**variant, "ServerlessConfig": serverless}
    ami = common_inference_ami(preferred_types(deploy), deploy.cuda)
    return {
        **variant,
        **variant_instances(deploy),
        "InitialInstanceCount": deploy.instance_count,
        "ContainerStartupHealthCheckTimeoutInSeconds": deploy.startup_timeout_seconds,
        "ModelDataDownloadTimeoutInSeconds": deploy.download_timeout_seconds,
        **({"InferenceAmiVersion": ami} if ami else {}),
    }


def _deployment(settings: Settings) -> dict[str, Any]:
    update, deploy = settings.update, settings.deploy
    routing: dict[str, Any] = {"Type": update.traffic, "WaitIntervalInSeconds": 0}
    steps = 0
    if update.traffic != "ALL_AT_ONCE":
        steps = 1 if update.traffic == "CANARY" else math.ceil(100 / update.step_percent)
        routing["WaitIntervalInSeconds"] = update.wait_seconds
        routing["CanarySize" if update.traffic == "CANARY" else "LinearStepSize"] = {
            "Type": "CAPACITY_PERCENT",
            "Value": update.step_percent,
        }
    # Longer than all the waiting, or the deployment is given up while it waits; half an hour for instances to come.
    waiting = steps * update.wait_seconds + update.keep_old_seconds + deploy.startup_timeout_seconds
    longest = waiting + deploy.download_timeout_seconds + 1_800
    deployment = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": update.keep_old_seconds,
            "MaximumExecutionTimeoutInSeconds": min(longest, LONGEST_UPDATE),
        }
    }
    if update.alarms:
        deployment["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in update.alarms]}
    return deployment
