"""An endpoint or an inference component of this process: what serves its requests, what changes it now, and what the
local SageMaker itself says in its log, beside its containers.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from local_test.api.logs import PLATFORM
from local_test.api.supported_fields import without_effect, without_effect_line
from local_test.host.emulator_settings import Platform
from local_test.serving.fleet import ContainerOwner, Fleet, stop_all
from local_test.serving.router import Router


class Deployment:
    """A creation or a change under way. reason: why it is to be given up, "" while it is not."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.finished = threading.Event()
        self.reason = ""

    def give_up(self, reason: str) -> None:
        """The first reason counts."""
        self.reason = self.reason or reason
        self.cancelled.set()


class LiveEndpoint:
    """owner: of its containers. router: None until it was in service once. closing: it is being deleted, or the service
    ends; end says which, a sentence.
    """

    def __init__(self, owner: ContainerOwner, deployment: Deployment):
        self.owner = owner
        self.name = owner.name
        self.deployment = deployment
        self.router: Router | None = None
        self.incoming: Fleet | None = None
        self.closing = threading.Event()
        self.end = ""
        self.deletion: threading.Thread | None = None

    @classmethod
    def at_rest(cls, owner: ContainerOwner, fleet: Fleet) -> "LiveEndpoint":
        """One in service, to which nothing happens at the moment."""
        live = cls(owner, Deployment())
        live.router = Router(fleet)
        live.deployment.finished.set()
        return live

    def close(self, end: str) -> None:
        self.end = end
        self.closing.set()
        self.deployment.give_up(end)

    def delete(self, end: str, forget: Callable[[], object]) -> None:
        """End the containers in a thread of its own, then call `forget`. end: a sentence."""

        def take_down() -> None:
            self.deployment.finished.wait()
            try:
                if self.router:
                    self.router.current.stop()
            finally:
                forget()

        self.close(end)
        self.deletion = threading.Thread(target=take_down, name=f"deletion of {self.name}", daemon=True)
        self.deletion.start()

    def serving(self) -> Router:
        """Of one that was in service. Raises RuntimeError for another."""
        if self.router is None:
            raise RuntimeError(f"{self.name} has not been in service.")
        return self.router


def end_all(live: Collection[LiveEndpoint]) -> None:
    """End every container of those that were closed: SIGTERM to all at once, SIGKILL after 30 seconds."""
    for one in live:
        one.deployment.finished.wait()
    stop_all([instance for one in live if one.router for instance in one.router.current.instances()])
    for one in live:
        if one.deletion:
            one.deletion.join()


def name_without_effect(
    platform: Platform, group: str, operation: str, request: dict[str, Any], models: Iterable[dict[str, Any]]
) -> None:
    """One line with the fields of the request and of its models that have no effect here, if there are any.

    Args:
        group: of CloudWatch.
        request: of the operation, or the record that was made of it.
        models: records of the models that are served.
    """
    fields = without_effect(operation, request)
    for model in {one["ModelName"]: one for one in models}.values():
        fields += [f"{field} of model {model['ModelName']}" for field in without_effect("CreateModel", model)]
    if fields:
        platform.logs.write(group, PLATFORM, [(int(time.time() * 1000), without_effect_line(fields))])
