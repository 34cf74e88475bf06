"""All containers of one endpoint configuration: they come into service together, or none does."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local_test.host.emulator_settings import Platform
from local_test.serving.instance import Instance, VariantPlan
from local_test.serving.model_folder import ModelFolders
from local_test.serving.serving_container import ServingFailed, with_last_lines


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
        return [instance for instance in self.instances if instance.container.alive()]

    def death(self) -> str | None:
        """How an instance of it ended by itself, None when none did."""
        return next((instance.container.death() for instance in self.instances if instance.container.death()), None)


class Fleet:
    """config: the endpoint configuration as deployed. capture: what takes the requests down, or None."""

    def __init__(self, config: dict, variants: list[Variant]):
        self.config = config
        self.variants = {variant.name: variant for variant in variants}

    def death(self) -> str | None:
        """The first instance that ended by itself, as a FailureReason."""
        for variant in self.variants.values():
            for instance in variant.instances:
                if instance.container.death():
                    return with_last_lines(
                        f"Production variant {variant.name}: {instance.container.death()}",
                        instance.container.last_lines(),
                    )
        return None

    def instances(self) -> list[Instance]:
        return [instance for variant in self.variants.values() for instance in variant.instances]

    def stop(self) -> None:
        stop_all(self.instances())


def start_fleet(
    platform: Platform,
    folders: ModelFolders,
    endpoint: str,
    config: dict,
    plans: Iterable[VariantPlan],
    cancelled: threading.Event,
) -> Fleet:
    """Start every instance of every variant, at once. Raises ServingFailed with the first failure; then none is left.

    cancelled: ends it from outside; it is set here when one instance fails, so that the others do not start in vain.
    """
    variants = [Variant(plan, plan.weight, plan.max_concurrency) for plan in plans]
    wanted = [variant for variant in variants for _ in range(variant.plan.count)]
    for variant, instance in zip(
        wanted, start_instances(platform, folders, endpoint, [one.plan for one in wanted], cancelled), strict=True
    ):
        variant.instances.append(instance)
    return Fleet(config, variants)


def start_instances(
    platform: Platform, folders: ModelFolders, endpoint: str, plans: list[VariantPlan], cancelled: threading.Event
) -> list[Instance]:
    """One instance for each plan, in this order; all or none, as `start_fleet`, also when it is a fault that ends the
    start.
    """
    failures: list[Exception] = []

    def start(plan: VariantPlan) -> Instance | None:
        try:
            return Instance.start(platform, folders, endpoint, plan, cancelled)
        except ServingFailed as error:
            failures.append(ServingFailed(f"Production variant {plan.name}: {error.reason}", error.last_lines))
        except Exception as error:
            failures.append(error)
        cancelled.set()
        return None

    started = _at_once(start, plans)
    if failures:
        stop_all([instance for instance in started if instance])
        raise failures[0]
    return started


def stop_all(instances: list[Instance]) -> None:
    """SIGTERM to all at once; each has its 30 seconds."""
    _at_once(Instance.stop, instances)


def _at_once(work: Callable, things: list) -> list:
    if not things:
        return []
    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(work, things))
