"""All containers of one endpoint configuration, or of one inference component: they come into service together, or none
does. Their labels, logs and metrics are those of their owner, the endpoint or the component.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from local_test.api.logs import component_group, endpoint_group
from local_test.host.emulator_settings import Platform
from local_test.host.labels import COMPONENT, ENDPOINT
from local_test.serving.container_start import ServingFailed, at_once, start_all, with_last_lines
from local_test.serving.instance import Instance, InstanceSpec
from local_test.serving.model_folder import ModelFolders
from local_test.serving.variant_plan import VariantPlan


@dataclass(frozen=True)
class ContainerOwner:
    """kind, name: of the containers' labels. endpoint: that takes the requests. log_group: of CloudWatch."""

    kind: str
    name: str
    endpoint: str
    log_group: str

    @property
    def component(self) -> str | None:
        """The inference component's name; None for an endpoint."""
        return self.name if self.kind == COMPONENT else None


def owned_by_endpoint(name: str) -> ContainerOwner:
    return ContainerOwner(ENDPOINT, name, name, endpoint_group(name))


def owned_by_component(name: str, endpoint: str) -> ContainerOwner:
    return ContainerOwner(COMPONENT, name, endpoint, component_group(name))


@dataclass
class Variant:
    """plan: as deployed. weight, max_concurrency: may change while it serves. outstanding: requests under way."""

    plan: VariantPlan
    weight: float
    max_concurrency: int | None
    instances: list[Instance] = field(default_factory=list)
    outstanding: int = 0

    @property
    def name(self) -> str:
        return self.plan.name

    def alive(self) -> list[Instance]:
        return [instance for instance in self.instances if instance.alive()]

    def death(self) -> str | None:
        """How an instance of it ended by itself, None when none did."""
        return next((death for instance in self.instances if (death := instance.death())), None)


class Fleet:
    """config: the endpoint configuration as deployed."""

    def __init__(self, config: dict[str, Any], variants: list[Variant]):
        self.config = config
        self.variants = {variant.name: variant for variant in variants}

    def death(self) -> str | None:
        """The first instance that ended by itself, as a FailureReason."""
        for variant in self.variants.values():
            for instance in variant.instances:
                if death := instance.death():
                    return with_last_lines(f"Production variant {variant.name}: {death}", instance.last_lines())
        return None

    def instances(self) -> list[Instance]:
        return [instance for variant in self.variants.values() for instance in variant.instances]

    def stop(self) -> None:
        stop_all(self.instances())


def empty_fleet(config: dict[str, Any], plans: Iterable[VariantPlan]) -> Fleet:
    """One without an instance, as that of an endpoint whose inference components bring theirs."""
    return Fleet(config, [Variant(plan, plan.weight, plan.max_concurrency) for plan in plans])


def start_fleet(
    platform: Platform,
    folders: ModelFolders,
    owner: ContainerOwner,
    config: dict[str, Any],
    plans: Iterable[VariantPlan],
    cancelled: threading.Event,
) -> Fleet:
    """Start every instance of every variant, at once. Raises ServingFailed with the first failure; then none is left.

    cancelled: ends it from outside; it is set here when one instance fails, so that the others do not start in vain.
    """
    fleet = empty_fleet(config, plans)
    wanted = [variant for variant in fleet.variants.values() for _ in range(variant.plan.count)]
    for variant, instance in zip(
        wanted, start_instances(platform, folders, owner, [one.plan for one in wanted], cancelled), strict=True
    ):
        variant.instances.append(instance)
    return fleet


def start_instances(
    platform: Platform,
    folders: ModelFolders,
    owner: ContainerOwner,
    plans: list[VariantPlan],
    cancelled: threading.Event,
) -> list[Instance]:
    """One instance for each plan, in this order; all or none, as `start_fleet`, also when it is a fault that ends the
    start.
    """

    def start(plan: VariantPlan) -> Instance:
        spec = InstanceSpec(
            kind=owner.kind,
            name=owner.name,
            model=plan.model,
            log_group=owner.log_group,
            log_stream=f"{plan.name}/i-{uuid.uuid4().hex[:17]}",
            seconds_to_ready=plan.seconds_to_ready,
            memory_mb=plan.container_memory_mb,
            measure=_measured_as(platform, owner.endpoint, plan.name),
        )
        try:
            return Instance.start(platform, folders, spec, cancelled)
        except ServingFailed as error:
            raise error.of(f"Production variant {plan.name}") from error

    return start_all(start, plans, Instance.stop, cancelled)


def stop_all(instances: list[Instance]) -> None:
    """SIGTERM to all at once; each has its 30 seconds."""
    at_once(Instance.stop, instances)


def _measured_as(platform: Platform, endpoint: str, variant: str) -> Callable[[str, float], None]:
    """What writes the metrics of a variant's multi-model containers.

    https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-endpoint-cloudwatch-metrics.html
    """
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    return lambda name, value: platform.metrics.put("AWS/SageMaker", name, value, time.time(), dimensions)
