"""What DescribeEndpoint says about the parts of an endpoint.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

from typing import Any

from local_test.serving.fleet import Fleet
from local_test.serving.variant_plan import VariantPlan, pool_summaries

# Fields of the record that DescribeEndpoint does not show: the configuration that runs, and whether it ever served.
DEPLOYED, SERVED = "DeployedConfig", "WasInService"


def planned_variants(plans: list[VariantPlan], status: str, now: float) -> list[dict[str, Any]]:
    """Variants of which nothing serves yet. status: Creating."""
    return [
        {
            **_variant(plan),
            "CurrentWeight": 0.0,
            "DesiredWeight": plan.weight,
            **({"DesiredServerlessConfig": plan.described["ServerlessConfig"]} if plan.memory_mb else {}),
            "CurrentInstanceCount": 0,
            "DesiredInstanceCount": plan.count,
            **_pools(plan, 0),
            "VariantStatus": [{"Status": status, "StartTime": now}],
        }
        for plan in plans
    ]


def serving_variants(fleet: Fleet) -> list[dict[str, Any]]:
    """Variants of the fleet that serves, as they are now."""
    return [
        {
            **_variant(variant.plan),
            "CurrentWeight": variant.weight,
            "DesiredWeight": variant.weight,
            **(
                {
                    "CurrentServerlessConfig": {
                        **variant.plan.described["ServerlessConfig"],
                        "MaxConcurrency": variant.max_concurrency,
                    }
                }
                if variant.plan.memory_mb
                else {}
            ),
            "CurrentInstanceCount": len(variant.alive()),
            "DesiredInstanceCount": len(variant.instances),
            **_pools(variant.plan, len(variant.alive())),
        }
        for variant in fleet.variants.values()
    ]


def config_fields(config: dict[str, Any]) -> dict[str, Any]:
    """Fields of an endpoint's record that follow from the configuration that it runs; None where there is nothing to
    say.
    """
    return {
        "EndpointConfigName": config["EndpointConfigName"],
        "DataCaptureConfig": _capture_summary(config),
        "AsyncInferenceConfig": config.get("AsyncInferenceConfig"),
        DEPLOYED: config,
    }


def _capture_summary(config: dict[str, Any]) -> dict[str, Any] | None:
    capture = config.get("DataCaptureConfig")
    if capture is None:
        return None
    enabled = capture.get("EnableCapture", True)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def _pools(plan: VariantPlan, instances: int) -> dict[str, Any]:
    pools = pool_summaries(plan.described, instances)
    return {"InstancePools": pools} if pools else {}


def _variant(plan: VariantPlan) -> dict[str, Any]:
    images = [{"SpecifiedImage": image, "ResolvedImage": image} for image in plan.images]
    told = ("RoutingConfig", "ManagedInstanceScaling")
    shown: dict[str, Any] = {field: plan.described[field] for field in told if field in plan.described}
    return {"VariantName": plan.name, **({"DeployedImages": images} if images else {}), **shown}
