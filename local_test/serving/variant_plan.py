"""What a production variant is to be: its model, its instances, and how they share their requests.

Its instances are of one type, or of pools of several types in the order of their priority. Every type is there on one
machine, so the first pool gets all the instances.
Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html,
https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-heterogeneous.html, botocore (ProductionVariant and
InstancePool), and for the memory of an instance type EC2's own list of its types, which moto carries.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from local_test.serving.model_definition import is_direct, is_multi_model, model_containers
from local_test.storage.moto_internals import check_moto

SECONDS_TO_READY = 8 * 60  # the platform's default before it gives up


@dataclass(frozen=True)
class VariantPlan:
    """A production variant as it is to be deployed.

    Args:
        name: VariantName.
        model: the record of its model; {} where inference components bring theirs.
        count: instances that are started with it; copies, of an inference component.
        weight: share of the requests, relative to the other variants'.
        strategy: how its instances share its requests: RANDOM or LEAST_OUTSTANDING_REQUESTS.
        seconds_to_ready: until its containers are healthy.
        memory_mb: None unless it is serverless, or an inference component with a limit.
        max_concurrency: requests at once, None unless it is serverless.
        described: the variant of the endpoint configuration.
    """

    name: str
    model: dict[str, Any]
    count: int
    weight: float
    strategy: str
    seconds_to_ready: int
    memory_mb: int | None
    max_concurrency: int | None
    described: dict[str, Any]

    @property
    def container_memory_mb(self) -> int | None:
        """Limit of each of its containers: what was asked for without a server, and what the instance has where a
        container makes room for other models when it has no more; else none.
        """
        if self.memory_mb is None and is_multi_model(self.model):
            return instance_memory_mb(instance_types(self.described)[0])
        return self.memory_mb

    @property
    def images(self) -> list[str]:
        """Of its containers, as CreateModel names them."""
        return [one.definition["Image"] for one in model_containers(self.model)] if self.model else []


def plan_variant(variant: dict[str, Any], model: dict[str, Any]) -> VariantPlan:
    """variant: ProductionVariant of an endpoint configuration."""
    serverless = variant.get("ServerlessConfig", {})
    return VariantPlan(
        name=variant["VariantName"],
        model=model,
        count=variant.get("InitialInstanceCount", 1),
        weight=variant.get("InitialVariantWeight", 1.0),
        strategy=variant.get("RoutingConfig", {}).get("RoutingStrategy", "RANDOM"),
        seconds_to_ready=variant.get("ContainerStartupHealthCheckTimeoutInSeconds", SECONDS_TO_READY),
        memory_mb=serverless.get("MemorySizeInMB"),
        max_concurrency=serverless.get("MaxConcurrency"),
        described=variant,
    )


def plan_host(variant: dict[str, Any]) -> VariantPlan:
    """A variant without a model, on which inference components are. variant: as for `plan_variant`."""
    return replace(plan_variant(variant, {}), count=0)


def plan_component(
    variant: dict[str, Any], model: dict[str, Any], specification: dict[str, Any], copies: int
) -> VariantPlan:
    """The copies of an inference component.

    Args:
        variant: ProductionVariant of the endpoint that it is on.
        model: the record of its model.
        specification: InferenceComponentSpecification.
    """
    startup = specification.get("StartupParameters", {})
    limits = specification.get("ComputeResourceRequirements", {})
    plan = plan_variant({**variant, **startup}, model)
    return replace(plan, count=copies, weight=1.0, memory_mb=limits.get("MaxMemoryRequiredInMb"))


def model_problems(config: dict[str, Any], variant: dict[str, Any], model: dict[str, Any]) -> list[str]:
    """Why the endpoint configuration cannot have this model in this variant, a sentence each.

    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
    """
    found = []
    name = model["ModelName"]
    several = len(model_containers(model)) > 1
    if "ServerlessConfig" in variant:
        excluded = {
            "EnableNetworkIsolation": bool(model.get("EnableNetworkIsolation")),
            "Containers": several,
            "Mode MultiModel": is_multi_model(model),
            "ModelDataSource": any("ModelDataSource" in one.definition for one in model_containers(model)),
        }
        found += [
            f"ServerlessConfig excludes {what}, which the model {name} has." for what, has in excluded.items() if has
        ]
    if "AsyncInferenceConfig" in config:
        if is_multi_model(model):
            found.append(f"AsyncInferenceConfig excludes Mode MultiModel, which the model {name} has.")
        if is_direct(model):
            found.append(f"AsyncInferenceConfig excludes direct invocation, which the model {name} has.")
    return found


def instance_types(variant: dict[str, Any]) -> tuple[str, ...]:
    """The instance types that the variant names, in order of preference; none of a serverless one."""
    pools = sorted(variant.get("InstancePools", []), key=lambda one: one["Priority"])
    named = [one["InstanceType"] for one in pools] or [variant.get("InstanceType")]
    return tuple(one for one in named if one)


def pool_problems(variant: dict[str, Any]) -> list[str]:
    """What is wrong with the variant's pools, a sentence each."""
    if "InstancePools" not in variant:
        return []
    name, kinds = variant["VariantName"], instance_types(variant)
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
        for number, kind in enumerate(instance_types(variant))
    ]


@cache
def instance_memory_mb(instance_type: str) -> int | None:
    """MiB of `ml.m5.large`: 8192; None for a type that EC2 does not list. The memory of its GPUs counts, too: without a
    GPU here, what it would hold is in the machine's own.
    """
    check_moto("instance types")
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # a second, which only endpoints of many models take

    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    if known is None:
        return None
    of_gpus: int = (known.get("GpuInfo") or {}).get("TotalGpuMemoryInMiB", 0)
    of_machine: int = known["MemoryInfo"]["SizeInMiB"]
    return of_machine + of_gpus
