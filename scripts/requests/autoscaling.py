"""RegisterScalableTarget, PutScalingPolicy and DeregisterScalableTarget of an endpoint's variant, or of its inference
component, and the alarm that wakes it.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-apply.html
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
"""

from typing import Any

from scripts.config.names import VARIANT, endpoint, inference_component, project_tags
from scripts.config.settings import Settings


def instances_target(prefix: str) -> dict[str, Any]:
    """What names the instances of the endpoint to autoscaling; also the whole request of DeregisterScalableTarget."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint(prefix)}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def copies_target(prefix: str) -> dict[str, Any]:
    """As `instances_target`, of the copies of the inference component."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"inference-component/{inference_component(prefix)}",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
    }


def scalable_target(settings: Settings) -> dict[str, Any]:
    """What the settings have scaled: copies, with their instances, or instances."""
    return (copies_target if settings.scales_to_zero else instances_target)(settings.prefix)


def register_request(settings: Settings) -> dict[str, Any]:
    scaling = settings.autoscaling
    return {
        **scalable_target(settings),
        "MinCapacity": scaling.min_instances,
        "MaxCapacity": scaling.max_instances,
    }


def policy_request(settings: Settings) -> dict[str, Any]:
    """Target tracking: by requests per instance, or copy, and minute; for async endpoints by requests that wait per
    instance.
    """
    scaling = settings.autoscaling
    if settings.deploy.mode == "async":
        target = scaling.async_target
        metric = {
            "CustomizedMetricSpecification": {
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Namespace": "AWS/SageMaker",
                "Dimensions": [{"Name": "EndpointName", "Value": endpoint(settings.prefix)}],
                "Statistic": "Average",
            }
        }
    else:
        target = scaling.target
        by = "InferenceComponentInvocationsPerCopy" if settings.scales_to_zero else "VariantInvocationsPerInstance"
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": f"SageMaker{by}"}}
    return {
        **scalable_target(settings),
        "PolicyName": f"{settings.prefix}-target",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target,
            "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
            "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
            **metric,
        },
    }


def wake_alarm(prefix: str) -> str:
    return f"{prefix}-wake"


def wake_policy_request(settings: Settings) -> dict[str, Any]:
    """Step scaling from none to one: target tracking leaves a realtime endpoint at 0 for ever, and an async one until
    more wait than its target says.
    """
    return {
        **scalable_target(settings),
        "PolicyName": wake_alarm(settings.prefix),
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Maximum" if settings.scales_to_zero else "Average",
            "Cooldown": settings.autoscaling.scale_out_cooldown_seconds,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }


def wake_alarm_request(settings: Settings, policy_arn: str) -> dict[str, Any]:
    """PutMetricAlarm's request: the policy `policy_arn` acts when a request waits, or was refused, since there is no
    instance to take it.
    """
    metric: dict[str, Any]
    if settings.scales_to_zero:
        metric = {
            "MetricName": "NoCapacityInvocationFailures",
            "Dimensions": [{"Name": "InferenceComponentName", "Value": inference_component(settings.prefix)}],
            "Statistic": "Maximum",
            "Period": 30,
        }
    else:
        metric = {
            "MetricName": "HasBacklogWithoutCapacity",
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint(settings.prefix)}],
            "Statistic": "Average",
            "Period": 60,
        }
    return {
        "AlarmName": wake_alarm(settings.prefix),
        "Namespace": "AWS/SageMaker",
        **metric,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [policy_arn],
        "Tags": project_tags(settings.prefix),
    }
