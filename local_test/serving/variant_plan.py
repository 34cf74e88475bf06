"""What a production variant is to be: its model, how many instances of it, and how they share their requests.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
"""

from dataclasses import dataclass, replace
from typing import Any

from local_test.serving.instance_memory import memory_mb
from local_test.serving.instance_pools import of_pools
from local_test.serving.model_definition import is_direct, is_multi_model, model_containers

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
            return memory_mb(of_pools(self.described)[0])
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
