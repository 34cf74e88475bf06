"""`/local-sagemaker/...`: what the service says and does beside the AWS API."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from urllib.parse import parse_qs

from local_test.api.errors import ApiError

CONTROL = "local-sagemaker"  # the service that its own commands sign for, and the path below which they ask


class Jobs(Protocol):
    """Of every region."""

    def interrupt(self, job: str) -> None:
        """Raises ApiError."""


class Control:
    """GET status: who serves here, and which endpoints. POST interrupt?job=NAME: take a spot job's instances away, as
    AWS does without asking.
    """

    def __init__(self, status: Callable[[], dict[str, Any]], jobs: Jobs):
        self._status, self._jobs = status, jobs

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")[2]
        try:
            if asked == ("GET", "status"):
                status, answer = "200 OK", self._status()
            elif asked == ("POST", "interrupt"):
                self._jobs.interrupt(parse_qs(environ.get("QUERY_STRING", "")).get("job", [""])[0])
                status, answer = "200 OK", {}
            else:
                status, answer = "404 Not Found", {"message": f"There is no {' '.join(asked)} here."}
        except ApiError as error:
            status, answer = "400 Bad Request", {"message": error.message}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
