"""Where an endpoint's requests go: between two fleets while it is updated, then between variants, then instances."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from local_test.serving.fleet import Fleet, Variant
from local_test.serving.instance import Instance

MOST_SESSIONS = 10_000
SECONDS_BETWEEN_LOOKS = 0.5  # at whether the endpoint is closing


class NoSuchVariant(LookupError):
    """The target variant is not one of the endpoint's."""


class NoInstance(RuntimeError):
    """Every instance of the variant has ended; the message says how."""

    def __init__(self, variant: Variant):
        super().__init__(variant.death() or "The variant has no instance.")
        self.variant = variant


class NoCapacity(RuntimeError):
    """The inference component has no copy at the moment."""


class Throttled(RuntimeError):
    """MaxConcurrency requests are under way."""


@dataclass(frozen=True)
class Lease:
    """A request under way: its instance stays until the lease is given back."""

    fleet: Fleet
    variant: Variant
    instance: Instance


class Router:
    """Safe to use from many threads. current: the fleet that serves; incoming: the one that an update brings, with a
    share.
    """

    def __init__(self, fleet: Fleet):
        self._lock = threading.Condition()
        self.current, self._share = fleet, 0.0
        self._incoming: Fleet | None = None
        self._sessions: dict[str, Instance] = {}

    def take(self, target: str | None = None, session: str | None = None) -> Lease:
        """Raises NoSuchVariant, NoInstance, NoCapacity, Throttled. Give it back with `give_back`, whatever comes."""
        with self._lock:
            fleet = self._fleet(target)
            variant = self._variant(fleet, target)
            if variant.max_concurrency is not None and variant.outstanding >= variant.max_concurrency:
                raise Throttled(variant.name)
            if not variant.instances:
                raise NoCapacity(variant.name)
            alive = variant.alive()
            if not alive:
                raise NoInstance(variant)
            instance = self._sessions.get(session) if session else None
            if instance not in alive:
                instance = alive[
                    choose_instance([one.outstanding for one in alive], variant.plan.strategy, random.random())
                ]
            variant.outstanding += 1
            instance.outstanding += 1
            return Lease(fleet, variant, instance)

    def give_back(self, lease: Lease) -> None:
        with self._lock:
            lease.variant.outstanding -= 1
            lease.instance.outstanding -= 1
            self._lock.notify_all()

    def shift(self, incoming: Fleet, share: float) -> None:
        """Send this share, 0 to 1, of the requests to the incoming fleet."""
        with self._lock:
            self._incoming, self._share = incoming, share

    def settle(self, fleet: Fleet) -> None:
        """All requests go to this fleet from now on."""
        with self._lock:
            self.current, self._incoming, self._share = fleet, None, 0.0

    def set_weights(self, weights: dict[str, float]) -> None:
        """Of variants of the current fleet."""
        with self._lock:
            for name, weight in weights.items():
                self.current.variants[name].weight = weight

    def add(self, variant: Variant, instances: list[Instance]) -> None:
        with self._lock:
            variant.instances.extend(instances)

    def withdraw(self, variant: Variant, count: int) -> list[Instance]:
        """Take this many instances out of the routing, ended ones first."""
        with self._lock:
            by_life = sorted(variant.instances, key=lambda instance: instance.alive())
            taken = by_life[:count]
            variant.instances = [instance for instance in variant.instances if instance not in taken]
            return taken

    def wait_until_idle(self, instances: list[Instance], seconds: float, closing: threading.Event) -> None:
        """Until no request is under way on them, at most this long, and no longer than until `closing`."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while (
                any(instance.outstanding for instance in instances)
                and not closing.is_set()
                and time.monotonic() < deadline
            ):
                self._lock.wait(min(deadline - time.monotonic(), SECONDS_BETWEEN_LOOKS))

    def remember_session(self, session: str, instance: Instance) -> None:
        """Requests of a stateful session go to the instance that opened it."""
        with self._lock:
            while len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[session] = instance

    def forget_session(self, session: str) -> None:
        with self._lock:
            self._sessions.pop(session, None)

    def instance_count(self) -> int:
        with self._lock:
            return len(self.current.instances())

    def _fleet(self, target: str | None) -> Fleet:
        if self._incoming is None:
            return self.current
        fleet, other = self.current, self._incoming
        if random.random() < self._share:
            fleet, other = other, fleet
        return other if target and target not in fleet.variants and target in other.variants else fleet

    def _variant(self, fleet: Fleet, target: str | None) -> Variant:
        if target is None:
            return fleet.variants[
                choose_by_weight({name: one.weight for name, one in fleet.variants.items()}, random.random())
            ]
        if target not in fleet.variants:
            raise NoSuchVariant(target)
        return fleet.variants[target]


def choose_by_weight(weights: dict[str, float], point: float) -> str:
    """A name, each as often as its share of the sum of weights. point: uniform from 0 up to, not including, 1.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-ab-testing.html
    """
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("Every variant has weight 0: no request can be routed.")
    reached = 0.0
    for name, weight in weights.items():
        reached += weight / total
        if point < reached and weight > 0:
            return name
    return [name for name, weight in weights.items() if weight > 0][-1]  # rounding left a gap below 1


def choose_instance(outstanding: Sequence[int], strategy: str, point: float) -> int:
    """Index of the instance. outstanding: requests under way on each. strategy: RANDOM or LEAST_OUTSTANDING_REQUESTS.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantRoutingConfig.html
    """
    if strategy == "LEAST_OUTSTANDING_REQUESTS":
        fewest = min(outstanding)
        candidates = [index for index, count in enumerate(outstanding) if count == fewest]
    else:
        candidates = list(range(len(outstanding)))
    return candidates[int(point * len(candidates))]
