"""RegisterScalableTarget, PutScalingPolicy and DeregisterScalableTarget of an endpoint's variant.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-apply.html
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from scripts.names import VARIANT, endpoint
from scripts.settings import Settings


def scalable_target(prefix: str) -> dict:
    """What names the instances of the endpoint to autoscaling; also the whole request of DeregisterScalableTarget."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint(prefix)}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def register_request(settings: Settings) -> dict:
    scaling = settings.autoscaling
    return {
        **scalable_target(settings.prefix), "MinCapacity": scaling.min_instances, "MaxCapacity": scaling.max_instances,
    }


def policy_request(settings: Settings) -> dict:
    """Target tracking: by requests per instance and minute, or, for async endpoints, by requests that wait per instance."""
    scaling = settings.autoscaling
    if settings.deploy.mode == "async":
        metric = {
            "CustomizedMetricSpecification": {
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Namespace": "AWS/SageMaker",
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint(settings.prefix)}],
                "Statistic": "Average",
            }
        }
    else:
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
    return {
        **scalable_target(settings.prefix),
        "PolicyName": f"{settings.prefix}-target",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": scaling.target,
            "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
            "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
            **metric,
        },
    }
