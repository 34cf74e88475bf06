"""What happens to an endpoint, or to an inference component, over time: coming into service, exchanged containers,
changed capacities, and a container's end.

A status is earned: /ping decides about InService, and the end of a container about Failed.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.host.emulator_settings import ACCOUNT, Platform
from local_test.host.error_words import in_words
from local_test.serving.blue_green import DeploymentPlan, RolledBack, shift_traffic
from local_test.serving.capacities import with_capacities
from local_test.serving.container_start import ServingFailed
from local_test.serving.fleet import Fleet, Variant, start_fleet, start_instances, stop_all
from local_test.serving.instance import Instance
from local_test.serving.live_endpoint import Deployment, LiveEndpoint
from local_test.serving.model_folder import ModelFolders
from local_test.serving.router import Router
from local_test.serving.variant_plan import VariantPlan

SECONDS_TO_DRAIN = 3600  # the longest that one asynchronous invocation may take
logger = logging.getLogger(__name__)

# Of who it is about, its status, the reason beside it, and the fleet that serves, None where none does or none changed.
Tell = Callable[[LiveEndpoint, str, str | None, Fleet | None], None]


class Deployments:
    """Each works in a thread of its own, and sets `finished` of the endpoint's deployment at its end.

    lock: held while what is known of an endpoint is read and written. tell: writes down how it is.
    """

    def __init__(self, platform: Platform, folders: ModelFolders, lock: threading.RLock, tell: Tell):
        self._platform, self._folders, self._lock, self._tell = platform, folders, lock, tell

    def bring_into_service(self, live: LiveEndpoint, config: dict[str, Any], plans: list[VariantPlan]) -> None:
        """The first containers of an endpoint, or its first after a failure."""
        self._run(live, lambda: self._bring_into_service(live, config, plans))

    def replace(
        self, live: LiveEndpoint, config: dict[str, Any], plans: list[VariantPlan], plan: DeploymentPlan
    ) -> None:
        """An update: the new fleet is in service before it gets a request, the old one until it has answered its
        last.
        """
        self._run(live, lambda: self._replace(live, live.serving(), config, plans, plan))

    def change_capacities(self, live: LiveEndpoint, wanted: dict[str, dict[str, Any]]) -> None:
        """wanted: DesiredWeightsAndCapacities by variant name."""
        self._run(live, lambda: self._change_capacities(live, live.serving(), wanted))

    def _bring_into_service(self, live: LiveEndpoint, config: dict[str, Any], plans: list[VariantPlan]) -> None:
        try:
            fleet = self._start_fleet(live, config, plans)
        except ServingFailed as error:
            self._failed(live, live.deployment.reason or str(error))
            return
        with self._lock:
            if not live.closing.is_set():
                live.router = Router(fleet)
                self._in_service(live, fleet)
                return
        fleet.stop()

    def _replace(
        self, live: LiveEndpoint, router: Router, config: dict[str, Any], plans: list[VariantPlan], plan: DeploymentPlan
    ) -> None:
        old = router.current
        try:
            with _time_limit(live.deployment, plan.most_seconds):
                incoming = live.incoming = self._start_fleet(live, config, plans)
                try:
                    shift_traffic(router, incoming, plan, live.deployment, ACCOUNT, self._platform.region)
                except BaseException:
                    self._roll_back(live, router, old, incoming)
                    raise
        except ServingFailed as error:
            self._in_service(live, old, live.deployment.reason or str(error))
            return
        except RolledBack as reason:
            self._in_service(live, old, str(reason))
            return
        with self._lock:
            router.settle(incoming)
            live.incoming = None
        router.wait_until_idle(old.instances(), SECONDS_TO_DRAIN, live.closing)
        old.stop()
        self._in_service(live, incoming)

    def _roll_back(self, live: LiveEndpoint, router: Router, old: Fleet, incoming: Fleet) -> None:
        """The old fleet has all requests again; the incoming one ends when it has answered those that it got."""
        with self._lock:
            router.settle(old)
            live.incoming = None
            if not live.closing.is_set():
                self._tell(live, "RollingBack", None, None)
        router.wait_until_idle(incoming.instances(), SECONDS_TO_DRAIN, live.closing)
        incoming.stop()

    def _change_capacities(self, live: LiveEndpoint, router: Router, wanted: dict[str, dict[str, Any]]) -> None:
        fleet = router.current
        more = {
            name: change["DesiredInstanceCount"] - len(fleet.variants[name].instances)
            for name, change in wanted.items()
            if "DesiredInstanceCount" in change
        }
        starting = [fleet.variants[name] for name, count in more.items() for _ in range(count)]
        try:
            started = start_instances(
                self._platform,
                self._folders,
                live.owner,
                [variant.plan for variant in starting],
                live.deployment.cancelled,
            )
        except ServingFailed as error:
            self._in_service(live, fleet, live.deployment.reason or str(error))
            return
        for variant, instance in zip(starting, started, strict=True):
            router.add(variant, [instance])
            self._watch(live, variant, instance)
        leaving = [
            one for name, count in more.items() if count < 0 for one in router.withdraw(fleet.variants[name], -count)
        ]
        router.set_weights(
            {name: change["DesiredWeight"] for name, change in wanted.items() if "DesiredWeight" in change}
        )
        for name, change in wanted.items():
            if "MaxConcurrency" in change.get("ServerlessUpdateConfig", {}):
                fleet.variants[name].max_concurrency = change["ServerlessUpdateConfig"]["MaxConcurrency"]
        router.wait_until_idle(leaving, SECONDS_TO_DRAIN, live.closing)
        stop_all(leaving)
        fleet.config = with_capacities(fleet.config, fleet)
        self._in_service(live, fleet)

    def _start_fleet(self, live: LiveEndpoint, config: dict[str, Any], plans: list[VariantPlan]) -> Fleet:
        fleet = start_fleet(self._platform, self._folders, live.owner, config, plans, live.deployment.cancelled)
        for variant in fleet.variants.values():
            for instance in variant.instances:
                self._watch(live, variant, instance)
        return fleet

    def _watch(self, live: LiveEndpoint, variant: Variant, instance: Instance) -> None:
        instance.when_dead(lambda sentence: self._died(live, variant, sentence))

    def _died(self, live: LiveEndpoint, variant: Variant, sentence: str) -> None:
        with self._lock:
            if live.closing.is_set():
                return
            if live.incoming and variant in live.incoming.variants.values():
                live.deployment.give_up(live.incoming.death() or sentence)
            # While a deployment is under way, its end says how the endpoint is.
            elif live.router and live.deployment.finished.is_set():
                self._in_service(live, live.router.current)

    def _in_service(self, live: LiveEndpoint, fleet: Fleet, reason: str | None = None) -> None:
        """Write down how the fleet is: in service, unless one of its containers has ended. The last thing of a
        deployment.

        reason: why a change did not come about, which is told beside how the fleet is.
        """
        with self._lock:
            if live.closing.is_set():
                return
            death = fleet.death()
            if death and reason:
                reason = f"{reason[: FAILURE_REASON_CHARACTERS // 2]}\n{death}"
            said = (reason or death or "")[:FAILURE_REASON_CHARACTERS] or None
            self._tell(live, "Failed" if death else "InService", said, fleet)
            # With the lock still held: from here on the end of a container is told by itself, and a new deployment may
            # begin.
            live.deployment.finished.set()

    def _failed(self, live: LiveEndpoint, reason: str) -> None:
        with self._lock:
            if not live.closing.is_set():
                self._tell(live, "Failed", reason[:FAILURE_REASON_CHARACTERS], None)

    def _run(self, live: LiveEndpoint, work: Callable[[], None]) -> None:
        """In a thread of its own; whatever goes wrong in it shows in the endpoint's status."""
        deployment = live.deployment

        def run() -> None:
            try:
                work()
            except Exception as error:
                logger.exception("the deployment of endpoint %s", live.name)
                reason = f"A fault of the local SageMaker, whose log has more: {in_words(error)}"
                if live.router:
                    self._in_service(live, live.router.current, reason)
                else:
                    self._failed(live, reason)
            finally:
                deployment.finished.set()

        threading.Thread(target=run, name=f"deployment of {live.name}", daemon=True).start()


@contextmanager
def _time_limit(deployment: Deployment, seconds: float | None) -> Iterator[None]:
    """Give the deployment up when the time is over; None for no limit."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(
        seconds, deployment.give_up, ["The update took longer than MaximumExecutionTimeoutInSeconds."]
    )
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
