"""CreateEndpointConfig of a realtime endpoint that scales to zero, and its inference component.

The endpoint's variant names no model: an inference component brings it, in copies that each have a GPU or a core.
Autoscaling changes the number of copies, and AWS that of the instances under them.
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
"""

from typing import Any

from scripts.config.names import VARIANT, endpoint, inference_component, project_tags
from scripts.config.settings import Settings
from scripts.requests.gpu_ami import has_gpu, inference_ami
from scripts.requests.network_isolation import model_is_isolated

LEAST_MEMORY_MB = 2_048  # AWS wants a number; a copy may use more, up to what its instance has


def host_config_request(settings: Settings, *, name: str, role_arn: str) -> dict[str, Any]:
    """Request for the endpoint config `name`. Raises Failure as `inference_ami` does."""
    deploy = settings.deploy
    ami = inference_ami(deploy.instance_type, deploy.cuda)
    variant = {
        "VariantName": VARIANT,
        "InstanceType": deploy.instance_type,
        "InitialInstanceCount": deploy.instance_count,
        "ManagedInstanceScaling": {
            "Status": "ENABLED",
            "MinInstanceCount": 0,
            "MaxInstanceCount": settings.autoscaling.max_instances,
        },
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        **({"InferenceAmiVersion": ami} if ami else {}),
    }
    return {
        "EndpointConfigName": name,
        "ExecutionRoleArn": role_arn,
        "EnableNetworkIsolation": model_is_isolated(settings, serverless=False),
        "ProductionVariants": [variant],
        "Tags": project_tags(settings.prefix),
    }


def create_component_request(settings: Settings, *, model: str) -> dict[str, Any]:
    """model: the name of the model that it brings."""
    return {
        "InferenceComponentName": inference_component(settings.prefix),
        "EndpointName": endpoint(settings.prefix),
        "VariantName": VARIANT,
        "Specification": _specification(settings, model),
        "RuntimeConfig": {"CopyCount": settings.deploy.instance_count},
        "Tags": project_tags(settings.prefix),
    }


def update_component_request(settings: Settings, *, model: str) -> dict[str, Any]:
    """It keeps as many copies as autoscaling has brought, or none. model: as for `create_component_request`."""
    return {
        "InferenceComponentName": inference_component(settings.prefix),
        "Specification": _specification(settings, model),
    }


def _specification(settings: Settings, model: str) -> dict[str, Any]:
    deploy = settings.deploy
    needed = {"NumberOfAcceleratorDevicesRequired" if has_gpu(deploy.instance_type) else "NumberOfCpuCoresRequired": 1}
    return {
        "ModelName": model,
        "StartupParameters": {
            "ModelDataDownloadTimeoutInSeconds": deploy.download_timeout_seconds,
            "ContainerStartupHealthCheckTimeoutInSeconds": deploy.startup_timeout_seconds,
        },
        "ComputeResourceRequirements": {**needed, "MinMemoryRequiredInMb": LEAST_MEMORY_MB},
    }
