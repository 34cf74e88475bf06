"""An endpoint of this process: what serves its requests, and what changes it at the moment."""

import threading

from local_test.serving.fleet import Fleet
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
    """router: None until it was in service once. closing: it is being deleted, or the service ends; end says which, a
    sentence.
    """

    def __init__(self, name: str, deployment: Deployment):
        self.name = name
        self.deployment = deployment
        self.router: Router | None = None
        self.incoming: Fleet | None = None
        self.closing = threading.Event()
        self.end = ""
        self.deletion: threading.Thread | None = None

    def close(self, end: str) -> None:
        self.end = end
        self.closing.set()
        self.deployment.give_up(end)

    def serving(self) -> Router:
        """Of an endpoint that was in service. Raises RuntimeError for another."""
        if self.router is None:
            raise RuntimeError(f"The endpoint {self.name} has not been in service.")
        return self.router
