"""What the page is told about a picture: the endpoint's answer and how long each stage took, or a sentence on why there
is none.
"""

import json
import re
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws.invocation import Send, is_asleep, model_error
from scripts.aws.pictures import answer
from scripts.console.failure import Failure, explain

PREDICTIONS, SALIENCY = "predictions", "saliency"
# What this project's serve image understands; other containers pass over it. timing: the stages' times come back.
CUSTOM_ATTRIBUTES = {PREDICTIONS: "timing=true", SALIENCY: "output=saliency;top-k=1"}
# https://www.w3.org/TR/server-timing/: queue;dur=0.1, input;dur=3.4, predict;dur=20.1, output;dur=0.1, batch;desc="3"
STAGE = re.compile(r'([a-z]+);(?:dur=(\d+(?:\.\d+)?)|desc="(\d+)")')
NO_MAP = (
    "This endpoint does not say what decided: its answer has no saliency map. A serve image of this project gives one; "
    "functions of one's own in its place need not."
)

ASLEEP = "The endpoint is at zero instances. This request wakes it: send the picture again in a few minutes."


def ask(send: Send, body: bytes, content_type: str, output: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of the page's request.

    Args:
        send: of scripts/aws/invocation.py.
        body, content_type: a picture.
        output: PREDICTIONS or SALIENCY.

    {"predictions": [{"label", "probability"}, ...]}, with "label" where the endpoint decides (null: for no class),
    {"saliency": {"label", "box", "grid"}} or {"other": text} where it answers in a way of its own; with
    "milliseconds", from request to answer, and "stages", those of the container where it tells them. {"error":
    sentence} where there is no answer."""
    started = time.monotonic()
    try:
        said = send(body, content_type, CUSTOM_ATTRIBUTES[output])
    except ClientError as error:
        if is_asleep(error):
            return 502, {"error": ASLEEP}
        refused = model_error(error)
        return (424, {"error": model_sentence(*refused)}) if refused else (502, {"error": explain(error)})
    except (BotoCoreError, OSError) as error:
        return 502, {"error": explain(error)}
    except Failure as failure:
        return 502, {"error": f"{str(failure)[:1].upper()}{str(failure)[1:]}"}
    taken = (time.monotonic() - started) * 1000
    times = {"milliseconds": round(taken, 1), "stages": stages(said.custom_attributes)}
    found: Any = answer(said.body)
    if output == SALIENCY:
        return (200, {"saliency": found["saliency"], **times}) if _has_map(found) else (502, {"error": NO_MAP})
    if _has_predictions(found):
        decision = {"label": found["label"]} if "label" in found else {}  # of an endpoint with a threshold
        return 200, {"predictions": found["predictions"], **decision, **times}
    return 200, {"other": found if isinstance(found, str) else json.dumps(found, indent=1), **times}


def model_sentence(status: int, body: str) -> str:
    """The message of the JSON that this project's serve image answers errors with; of others the body as it is."""
    try:
        said = json.loads(body)["error"]
        message = said["message"] if isinstance(said, dict) else said
    except (ValueError, KeyError, TypeError):
        message = body
    return f"The model refused it ({status}): {str(message).strip() or 'it gave no reason.'}"


def stages(custom_attributes: str) -> dict[str, float]:
    """`{"queue": 0.1, "input": 3.4, "predict": 20.1, "output": 0.1, "batch": 3}`: milliseconds, and how many requests
    shared the forward pass; empty where the container tells none.
    """
    return {
        name: float(milliseconds or count) for name, milliseconds, count in STAGE.findall(custom_attributes) if name
    }


def _has_predictions(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("predictions"), list)
        and all(
            isinstance(one, dict) and "label" in one and isinstance(one.get("probability"), (int, float))
            for one in found["predictions"]
        )
    )


def _has_map(found: Any) -> bool:
    """Rows of numbers, all as long, and the four edges of the part that they cover."""
    saliency = found.get("saliency") if isinstance(found, dict) else None
    if not isinstance(saliency, dict):
        return False
    grid, box = saliency.get("grid"), saliency.get("box", [])
    return (
        _are_numbers(box)
        and len(box) == 4
        and isinstance(grid, list)
        and bool(grid)
        and all(_are_numbers(row) and len(row) == len(grid[0]) > 0 for row in grid)
    )


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, (int, float)) for one in value)
