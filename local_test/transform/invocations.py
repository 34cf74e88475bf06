"""POST /invocations of a batch transform job: a time for each try, and retries of what may pass.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
"""

import http.client
import json
import threading
from collections.abc import Callable
from typing import Any

from local_test.serving.container_client import Blocks
from local_test.serving.pipeline import PipelineRequest

DEFAULT_SECONDS, DEFAULT_RETRIES = 600, 3
SECONDS_BEFORE_RETRY = 0.25  # doubled with every further one
SECONDS_FOR_PARAMETERS = 10


class InvocationFailed(RuntimeError):
    """A payload got no good answer. status: of the last answer, None when there was none. message: its body, or what
    went wrong. broken: whether the connection broke, as it does when the container dies."""

    def __init__(self, status: int | None, message: str, broken: bool = False):
        super().__init__(f"status {status}: {message}" if status else message)
        self.status, self.message, self.broken = status, message, broken


class Invocations:
    """Sends payloads to one instance, from many threads.

    Args:
        request: begins a request to the instance.
        headers: ContentType and Accept of the job.
        seconds: for each try.
        retries: after a first try that got no good answer.
        over: set when answers are of no use any more.
    """

    def __init__(
        self,
        request: Callable[[], PipelineRequest],
        headers: dict[str, str],
        seconds: float,
        retries: int,
        over: threading.Event,
    ):
        self._request = request
        self._headers, self._seconds, self._retries, self._over = headers, seconds, retries, over

    def send(self, body: bytes | Blocks) -> bytes:
        """The body of a 2xx answer. 5xx, silence and broken connections are tried again, other answers are not.

        A body that is read block by block goes with chunked encoding. Raises InvocationFailed, BadInput.
        """
        failure = InvocationFailed(None, "it was not sent: the job is over.")
        for attempt in range(self._retries + 1):
            if self._over.wait(SECONDS_BEFORE_RETRY * 2 ** (attempt - 1) if attempt else 0):
                break
            try:
                reply = self._request().post(body, self._headers, self._seconds)
                answer = reply.read()
            except TimeoutError:
                failure = InvocationFailed(None, f"there was no answer within {self._seconds:g} seconds.")
                continue
            except OSError as error:
                failure = InvocationFailed(None, f"the connection broke: {error or type(error).__name__}.", broken=True)
                continue
            if 200 <= reply.status < 300:
                return answer
            failure = InvocationFailed(reply.status, answer.decode(errors="replace"))
            if reply.status < 500:
                break
        raise failure


def execution_parameters(host: str, port: int) -> dict[str, Any]:
    """What GET /execution-parameters answers; {} for a container that has no such thing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
    """
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS_FOR_PARAMETERS)
    try:
        connection.request("GET", "/execution-parameters")
        response = connection.getresponse()
        answer = json.loads(response.read()) if response.status == 200 else {}
        return answer if isinstance(answer, dict) else {}
    except (OSError, ValueError):
        return {}
    finally:
        connection.close()
