"""CreateEndpointConfig: realtime, async or serverless, with data capture when it is asked for.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
"""

from typing import Any

from scripts.config.layout import Layout
from scripts.config.names import VARIANT
from scripts.config.settings import Settings
from scripts.requests.gpu_ami import inference_ami
from scripts.requests.tags import project_tags


def endpoint_config_request(settings: Settings, layout: Layout, *, name: str, model: str) -> dict[str, Any]:
    """Request for the endpoint config `name` that serves the model named `model`. Raises Failure as `inference_ami`
    does.
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


def _variant(settings: Settings, model: str) -> dict[str, Any]:
    variant = {"VariantName": VARIANT, "ModelName": model}
    deploy = settings.deploy
    if deploy.mode == "serverless":
        serverless = {
            "MemorySizeInMB": settings.serverless.memory_mb,
            "MaxConcurrency": settings.serverless.max_concurrency,
        }
        return {**variant, "ServerlessConfig": serverless}
    ami = inference_ami(deploy.instance_type, deploy.cuda)
    return {
        **variant,
        "InstanceType": deploy.instance_type,
        "InitialInstanceCount": deploy.instance_count,
        "ContainerStartupHealthCheckTimeoutInSeconds": deploy.startup_timeout_seconds,
        "ModelDataDownloadTimeoutInSeconds": deploy.download_timeout_seconds,
        **({"InferenceAmiVersion": ami} if ami else {}),
    }
