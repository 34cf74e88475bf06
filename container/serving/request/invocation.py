"""One invocation on its way through a worker."""

import threading
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path

from container.serving.mms_internals import Context, request_context, same_request

UNREAD = object()


@dataclass
class Invocation:
    """request_id: nginx's, which the client gets as X-Request-Id and the log names. arrived: when nginx had the whole
    body, seconds since 1970.

    context: multi-model-server's own, of this request alone: index 0 is it. body, content_type, accept: as the client
    sent them. input: what input_fn made of the body, when it was read before its batch began. answer: the body of the
    response, None until there is one, which `done` alone does not promise; its status and headers are in the context.
    fault: what failed, by which two failures are known to be the same, where it is no client's."""

    request_id: str
    body: bytes
    content_type: str | None
    accept: str | None
    arrived: float
    context: Context
    input: object = UNREAD
    seconds_to_read: float = 0.0
    answer: str | bytes | None = None
    fault: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, body: bytes, headers: dict[str, str], model_name: str, model_dir: str) -> "Invocation":
        """headers: as nginx passed them on, with what it added (docker/server/invocation.conf)."""
        given = {name.lower(): value for name, value in headers.items()}
        inner = ("x-content-type", "content-type", "x-request-id", "x-arrived")
        shown = {name: value for name, value in headers.items() if name.lower() not in inner}
        content_type = given.get("x-content-type")
        if content_type is not None:
            shown["Content-Type"] = content_type
        request_id = given.get("x-request-id", "")
        return cls(
            request_id,
            body,
            content_type,
            given.get("accept"),
            float(given.get("x-arrived") or time.time()),
            request_context(model_name, model_dir, request_id, shown),
        )

    def again(self) -> "Invocation":
        """The same request, not answered yet."""
        return replace(
            self,
            context=same_request(self.context),
            arrived=time.time(),
            input=UNREAD,
            seconds_to_read=0.0,
            answer=None,
            fault="",
            done=threading.Event(),
        )


def cause_of(error: BaseException) -> str:
    """What two failures have in common when they have one cause: type and place, not the message, which may name what
    was sent.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{place}"
