"""Requests to an endpoint that scales to zero and has no instance: each is refused, and brings one."""

import sys
import threading

from botocore.exceptions import ClientError

from scripts.aws.invocation import Answer, Send
from scripts.aws.waiting import moments
from scripts.console.failure import Failure, error_code

MINUTES_TO_WAKE = 20  # for the alarm, an instance, the image, the model and the container's first answer
NO_CAPACITY = "has no capacity to process this request"  # AWS's words


def is_asleep(error: ClientError) -> bool:
    """Whether a request was refused since there is no copy of the model, and no instance, at the moment."""
    return error_code(error) == "ValidationError" and NO_CAPACITY in str(error)


class Waking:
    """`send` for an endpoint that may be at zero instances: it sends again until an instance is there.

    Safe to use from several threads. It says once on stderr what is waited for.
    """

    def __init__(self, send: Send, endpoint: str):
        """endpoint: its name."""
        self._send, self._endpoint = send, endpoint
        self._lock, self._is_said = threading.Lock(), False

    def __call__(self, body: bytes, content_type: str, custom_attributes: str) -> Answer:
        """Raises Failure when no instance has come after 20 minutes, and whatever `send` raises."""
        for passed in moments():
            try:
                return self._send(body, content_type, custom_attributes)
            except ClientError as error:
                if not is_asleep(error):
                    raise
                if passed > MINUTES_TO_WAKE * 60:
                    raise Failure(
                        f"The endpoint {self._endpoint} is at zero instances, and none has come in {MINUTES_TO_WAKE} "
                        f"minutes. {error.response['Error']['Message']}"
                    ) from error
                self._say()
        raise AssertionError("moments() has no end")

    def _say(self) -> None:
        with self._lock:
            if not self._is_said:
                self._is_said = True
                print(
                    f"the endpoint {self._endpoint} is at zero instances and is being woken, which takes some minutes: "
                    f"asking again for up to {MINUTES_TO_WAKE} minutes (Ctrl-C ends the waiting, not the waking)",
                    file=sys.stderr,
                    flush=True,
                )
