"""RetainAllVariantProperties of UpdateEndpoint: what the endpoint keeps of what it has.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
"""

from typing import Any


def with_retained(config: dict[str, Any], deployed: dict[str, Any], excluded: list[dict[str, Any]]) -> dict[str, Any]:
    """The new endpoint configuration with instance counts, weights and data capture of the deployed one.

    excluded: ExcludeRetainedVariantProperties. Variants are the same when they have the same name.
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
    merged = {**config, "ProductionVariants": variants}
    if "DataCaptureConfig" not in not_kept:
        merged.pop("DataCaptureConfig", None)
        if "DataCaptureConfig" in deployed:
            merged["DataCaptureConfig"] = deployed["DataCaptureConfig"]
    return merged
