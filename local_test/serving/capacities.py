"""Weights and instance counts of an endpoint: what UpdateEndpointWeightsAndCapacities may change of them, and what
RetainAllVariantProperties of UpdateEndpoint keeps.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
"""

from typing import Any

from local_test.serving.fleet import Fleet

SUPPORTED = {
    "EndpointName": None,
    "DesiredWeightsAndCapacities": [
        {
            "VariantName": None,
            "DesiredWeight": None,
            "DesiredInstanceCount": None,
            "ServerlessUpdateConfig": {"MaxConcurrency": None},
        }
    ],
}


def capacity_problems(fleet: Fleet, wanted: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each change that cannot be. wanted: DesiredWeightsAndCapacities by variant name."""
    found = [f"The endpoint has no variant {name}." for name in wanted if name not in fleet.variants]
    for name, change in wanted.items():
        if name in fleet.variants and not fleet.variants[name].plan.model and "DesiredInstanceCount" in change:
            found.append(
                f"Variant {name} hosts inference components, whose copies decide about its instances: use "
                "UpdateInferenceComponentRuntimeConfig."
            )
        serverless = name in fleet.variants and fleet.variants[name].plan.memory_mb is not None
        if change.get("DesiredInstanceCount") == 0:
            found.append(
                f"The local SageMaker does not scale variant {name} to 0 instances. Delete the endpoint instead."
            )
        if serverless and "DesiredInstanceCount" in change:
            found.append(f"Variant {name} is serverless: DesiredInstanceCount is not for it.")
        if not serverless and "ServerlessUpdateConfig" in change:
            found.append(f"Variant {name} is not serverless: ServerlessUpdateConfig is not for it.")
    if not found:
        weights = {name: variant.weight for name, variant in fleet.variants.items()}
        weights |= {name: change["DesiredWeight"] for name, change in wanted.items() if "DesiredWeight" in change}
        if not any(weights.values()):
            found.append("At least one variant needs a weight above 0.")
    return found


def with_capacities(config: dict[str, Any], fleet: Fleet) -> dict[str, Any]:
    """The configuration as it would have to be for this fleet: what RetainAllVariantProperties retains."""
    variants = []
    for variant in config["ProductionVariants"]:
        now = fleet.variants[variant["VariantName"]]
        count = {} if now.plan.memory_mb or not now.plan.model else {"InitialInstanceCount": len(now.instances)}
        variants.append({**variant, **count, "InitialVariantWeight": now.weight})
    return {**config, "ProductionVariants": variants}


def with_retained(config: dict[str, Any], deployed: dict[str, Any], excluded: list[dict[str, Any]]) -> dict[str, Any]:
    """The new endpoint configuration with instance counts and weights of the deployed one.

    excluded: ExcludeRetainedVariantProperties; botocore names DataCaptureConfig among them, and says that it is not
    supported: what is captured always follows the new configuration. Variants are the same when they have the same
    name.
    """
    not_kept = {one["VariantPropertyType"] for one in excluded}
    had = {variant["VariantName"]: variant for variant in deployed["ProductionVariants"]}
    variants = []
    for variant in config["ProductionVariants"]:
        old, kept = had.get(variant["VariantName"], {}), dict(variant)
        if (
            "DesiredInstanceCount" not in not_kept
            and "InitialInstanceCount" in old
            and "InitialInstanceCount" in variant
        ):
            kept["InitialInstanceCount"] = old["InitialInstanceCount"]
        if "DesiredWeight" not in not_kept and "InitialVariantWeight" in old:
            kept["InitialVariantWeight"] = old["InitialVariantWeight"]
        variants.append(kept)
    return {**config, "ProductionVariants": variants}
