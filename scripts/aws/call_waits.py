"""Calls to AWS that take a while, with their retries, are said as every other wait is."""

from typing import Any

from botocore.model import OperationModel

from scripts.console.waits import Wait, is_waiting

_KEY = "wait"  # in the context of a request


def say_waits(client: Any) -> None:
    """Have the waits for a boto3 client's answers said, unless a wait or a progress that they are part of is said.

    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    events = client.meta.events
    events.register("before-call", _begin, unique_id="wait-begin")
    events.register("after-call", _end, unique_id="wait-end")
    events.register("after-call-error", _end, unique_id="wait-error")


def _begin(model: OperationModel, context: dict[str, Any], **_: Any) -> None:
    if not is_waiting():
        wait = context[_KEY] = Wait(f"the answer to {model.name}")
        wait.start()


def _end(context: dict[str, Any], exception: Exception | None = None, **_: Any) -> None:
    wait = context.pop(_KEY, None)
    if wait:
        wait.stop(failed=exception is not None)
