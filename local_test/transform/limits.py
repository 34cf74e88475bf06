"""How many requests at once, how large, and how many records in each: as the request says, else the container, else
AWS.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

import json
from dataclasses import dataclass
from typing import Any

from local_test.transform.records import MEGABYTE

MOST_MEGABYTES = 100  # of a payload, and of all payloads that are under way at once
MOST_CONCURRENT = 100  # follows, since a payload limit is at least 1 MB
DEFAULT_CONCURRENT, DEFAULT_MEGABYTES, DEFAULT_STRATEGY = 1, 6, "MultiRecord"
# As the environment and /execution-parameters spell the strategies.
SPELLED = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}


@dataclass(frozen=True)
class Limits:
    """concurrent: requests at once, to each instance. megabytes: of a payload, 0 for any size. strategy:
    BatchStrategy.
    """

    concurrent: int
    megabytes: int
    strategy: str

    @property
    def most_bytes(self) -> int | None:
        return self.megabytes * MEGABYTE or None

    def __str__(self) -> str:
        return (
            f"MaxConcurrentTransforms={self.concurrent}, MaxPayloadInMB={self.megabytes}, "
            f"BatchStrategy={SPELLED[self.strategy]}"
        )


def leaves_something_open(request: dict[str, Any]) -> bool:
    """Whether the container's /execution-parameters has a say."""
    return (
        not request.get("MaxConcurrentTransforms") or "MaxPayloadInMB" not in request or "BatchStrategy" not in request
    )


def effective_limits(request: dict[str, Any], answer: dict[str, Any]) -> Limits:
    """answer: of GET /execution-parameters, {} when the container has none. Raises ValueError for one that makes no
    sense.
    """
    strategies = {**{spelled: name for name, spelled in SPELLED.items()}, **{name: name for name in SPELLED}}
    strategy = request.get("BatchStrategy") or strategies.get(str(answer.get("BatchStrategy", DEFAULT_STRATEGY)))
    concurrent = request.get("MaxConcurrentTransforms") or answer.get("MaxConcurrentTransforms", DEFAULT_CONCURRENT)
    megabytes = request.get("MaxPayloadInMB", answer.get("MaxPayloadInMB", DEFAULT_MEGABYTES))
    sound = _within(concurrent, 1, MOST_CONCURRENT) and _within(megabytes, 0, MOST_MEGABYTES)
    if not (strategy and sound):
        raise ValueError(
            f"The container answered GET /execution-parameters with {json.dumps(answer)[:200]}. "
            f"MaxConcurrentTransforms must be a whole number from 1 to {MOST_CONCURRENT}, MaxPayloadInMB one from 0 to "
            f"{MOST_MEGABYTES} and BatchStrategy MULTI_RECORD or SINGLE_RECORD. "
            "Correct the answer, or set the three in the transform job."
        )
    return Limits(concurrent, megabytes, strategy)


def batch_environment(request: dict[str, Any]) -> dict[str, str]:
    """What the platform sets: SAGEMAKER_BATCH always, a limit only when the user set it."""
    environment = {"SAGEMAKER_BATCH": "true"}
    if "MaxPayloadInMB" in request:
        environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(request["MaxPayloadInMB"])
    if "BatchStrategy" in request:
        environment["SAGEMAKER_BATCH_STRATEGY"] = SPELLED[request["BatchStrategy"]]
    if request.get("MaxConcurrentTransforms"):
        environment["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(request["MaxConcurrentTransforms"])
    return environment


def _within(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
