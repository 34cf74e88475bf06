"""The jobs that an engine has taken and not answered yet, and what their clients hear when it ends: 503, so that they
try again.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from sagemaker_inference import content_types

from container.serving.request.invocation import Job

QUIET = 0.05  # seconds without a request, after which none is thought to be on its way
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


class UnderWay:
    """longest: seconds for which a client waits; a job that is older when it is taken is not computed any more."""

    def __init__(self, longest: float):
        self._longest = longest
        self._jobs: list[Job] = []
        self._change = threading.Condition()
        self._leaving = False

    @contextmanager
    def taken(self, job: Job) -> Iterator[bool]:
        """Around a job, until its answer is sent. False: it has its answer already and is not to be computed."""
        with self._change:
            wanted = not self._leaving and time.time() - job.arrived <= self._longest
            if not wanted:
                _refuse(job)
            self._jobs.append(job)
            self._change.notify_all()
        try:
            yield wanted
        finally:
            with self._change:
                self._jobs = [one for one in self._jobs if one is not job]
                self._change.notify_all()

    def give_up(self, seconds: float) -> None:
        """Answer 503 to whatever has no answer, and to what still comes, until nothing does; for so many seconds at
        most.

        A request that comes while the process ends would be a 500 of multi-model-server's.
        """
        deadline = time.monotonic() + seconds
        with self._change:
            self._leaving = True
            for job in self._jobs:
                if not job.done.is_set():
                    _refuse(job)
            while (left := deadline - time.monotonic()) > 0:
                quiet = not self._jobs
                if not self._change.wait(min(QUIET, left) if quiet else left) and quiet:
                    return


def _refuse(job: Job) -> None:
    job.answer = json.dumps(
        {"error": {"status": UNAVAILABLE.value, "message": "The engine of this model is started anew. Try again."}}
    )
    job.context.set_response_status(UNAVAILABLE.value, UNAVAILABLE.phrase, 0)
    job.context.set_response_content_type(0, content_types.JSON)
    job.done.set()
