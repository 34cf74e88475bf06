"""The instances of a production variant: of one type, or of pools of several types in the order of their priority.

Every type is there on one machine, so the first pool gets all the instances.
Source: botocore, ProductionVariant and InstancePool, and
https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-heterogeneous.html
"""

from typing import Any


def of_pools(variant: dict[str, Any]) -> tuple[str, ...]:
    """The instance types that the variant names, in order of preference; none of a serverless one."""
    pools = sorted(variant.get("InstancePools", []), key=lambda one: one["Priority"])
    named = [one["InstanceType"] for one in pools] or [variant.get("InstanceType")]
    return tuple(one for one in named if one)


def pool_problems(variant: dict[str, Any]) -> list[str]:
    """What is wrong with the variant's pools, a sentence each."""
    if "InstancePools" not in variant:
        return []
    name, kinds = variant["VariantName"], of_pools(variant)
    found = [
        f"Variant {name} has InstancePools: {field} excludes them."
        for field in ("InstanceType", "ServerlessConfig")
        if variant.get(field)
    ]
    return found + [
        f"InstancePools of variant {name} names {kind} twice." for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1
    ]


def pool_summaries(variant: dict[str, Any], instances: int) -> list[dict[str, Any]]:
    """What DescribeEndpoint says of the pools of a variant that has so many instances; nothing where it has none."""
    if "InstancePools" not in variant:
        return []
    return [
        {"InstanceType": kind, "CurrentInstanceCount": 0 if number else instances}
        for number, kind in enumerate(of_pools(variant))
    ]
