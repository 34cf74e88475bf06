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
    AWS does without asking. POST intercept?proxy=URL&no_proxy=HOSTS: answer what is sent to AWS's own addresses.
    """

    def __init__(self, status: Callable[[], dict[str, Any]], jobs: Jobs, intercept: Callable[[str, str], None]):
        """intercept: takes the URL of the user's own proxy, '' for none, and the hosts that it is not for."""
        self._status, self._jobs, self._intercept = status, jobs, intercept

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ["REQUEST_METHOD"], environ["PATH_INFO"].rpartition("/")[2]
        try:
            parameters = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            if asked == ("GET", "status"):
                status, answer = "200 OK", self._status()
            elif asked == ("POST", "interrupt"):
                self._jobs.interrupt(parameters.get("job", ""))
                status, answer = "200 OK", {}
            elif asked == ("POST", "intercept"):
                self._intercept(parameters.get("proxy", ""), parameters.get("no_proxy", ""))
                status, answer = "200 OK", {}
            else:
                status, answer = "404 Not Found", {"message": f"There is no {' '.join(asked)} here."}
        except ApiError as error:
            status, answer = "400 Bad Request", {"message": error.message}
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]
