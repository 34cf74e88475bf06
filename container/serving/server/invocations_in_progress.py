"""The invocations that a worker has taken and not answered yet, and what their clients hear when it ends: 503, so that
they try again."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from sagemaker_inference import content_types

from container.serving.request.invocation import Invocation

QUIET = 0.05  # seconds without a request, after which none is thought to be on its way
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


class InvocationsInProgress:
    """longest: seconds for which a client waits; an invocation that is older when it is taken is not computed any
    more.
    """

    def __init__(self, longest: float):
        self._longest = longest
        self._invocations: list[Invocation] = []
        self._change = threading.Condition()
        self._leaving = False

    @contextmanager
    def taken(self, invocation: Invocation) -> Iterator[bool]:
        """Around an invocation, until its answer is sent. False: it has its answer already and is not to be
        computed.
        """
        with self._change:
            wanted = not self._leaving and time.time() - invocation.arrived <= self._longest
            if not wanted:
                _refuse(invocation)
            self._invocations.append(invocation)
            self._change.notify_all()
        try:
            yield wanted
        finally:
            with self._change:
                self._invocations = [one for one in self._invocations if one is not invocation]
                self._change.notify_all()

    def give_up(self, seconds: float) -> None:
        """Answer 503 to whatever has no answer, and to what still comes, until nothing does; for so many seconds at
        most.

        A request that comes while the process ends would be a 500 of multi-model-server's.
        """
        deadline = time.monotonic() + seconds
        with self._change:
            self._leaving = True
            for invocation in self._invocations:
                if not invocation.done.is_set():
                    _refuse(invocation)
            while (left := deadline - time.monotonic()) > 0:
                quiet = not self._invocations
                if not self._change.wait(min(QUIET, left) if quiet else left) and quiet:
                    return


def _refuse(invocation: Invocation) -> None:
    invocation.answer = json.dumps(
        {"error": {"status": UNAVAILABLE.value, "message": "The worker of this model is started anew. Try again."}}
    )
    invocation.context.set_response_status(UNAVAILABLE.value, UNAVAILABLE.phrase, 0)
    invocation.context.set_response_content_type(0, content_types.JSON)
    invocation.done.set()
