"""RegisterScalableTarget, PutScalingPolicy and DeregisterScalableTarget of an endpoint's variant, and the alarm that
wakes it.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-apply.html
https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
"""

from typing import Any

from scripts.config.names import VARIANT, endpoint, project_tags
from scripts.config.settings import Settings


def scalable_target(prefix: str) -> dict[str, Any]:
    """What names the instances of the endpoint to autoscaling; also the whole request of DeregisterScalableTarget."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint(prefix)}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def register_request(settings: Settings) -> dict[str, Any]:
    scaling = settings.autoscaling
    return {
        **scalable_target(settings.prefix),
        "MinCapacity": scaling.min_instances,
        "MaxCapacity": scaling.max_instances,
    }


def policy_request(settings: Settings) -> dict[str, Any]:
    """Target tracking: by requests per instance and minute, or, for async endpoints, by requests that wait per
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
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
    return {
        **scalable_target(settings.prefix),
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
    """Step scaling from no instance to one: target tracking leaves an endpoint at 0 until more wait than its target
    says.
    """
    return {
        **scalable_target(settings.prefix),
        "PolicyName": wake_alarm(settings.prefix),
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": settings.autoscaling.scale_out_cooldown_seconds,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    }


def wake_alarm_request(settings: Settings, policy_arn: str) -> dict[str, Any]:
    """PutMetricAlarm's request: the policy `policy_arn` acts when a request waits and there is no instance to take
    it.
    """
    return {
        "AlarmName": wake_alarm(settings.prefix),
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint(settings.prefix)}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "missing",
        "AlarmActions": [policy_arn],
        "Tags": project_tags(settings.prefix),
    }
