"""What a request asks about its answer: how many classes, and whether it is classes at all.

InvokeEndpoint has no query string, so the options travel in its one free header, CustomAttributes:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html. A client of the container
itself may use the query string."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from container.serving.request.request_errors import BadRequest

TOP_K, PROBABILITIES, EMBEDDING, SALIENCY = "top-k", "probabilities", "embedding", "saliency"
OUTPUTS = (TOP_K, PROBABILITIES, EMBEDDING, SALIENCY)
MAX_TOP_K_DIGITS = 6  # more classes than any model has; int() of a long number is slow


@dataclass(frozen=True)
class AnswerOptions:
    """top_k: how many classes an answer names, at least 1; None: as many as the endpoint is set to. Of use with TOP_K
    and SALIENCY.

    output: TOP_K (the likeliest classes), PROBABILITIES (every class), EMBEDDING (the features before the head) or
    SALIENCY (the likeliest classes, and which parts of the picture speak for the first of them).
    """

    top_k: int | None = None
    output: str = TOP_K


def answer_options(custom_attributes: str | None, query: str | None) -> AnswerOptions:
    """The header X-Amzn-SageMaker-Custom-Attributes (`top-k=3;output=embedding`) and the query string
    (`top-k=3&output=embedding`).

    Where both say something the query string is taken: it belongs to this one request, a client may send the header
    with all. Keys are `top-k` and `output`, in any case, with `_` for `-`; others are the user's own and are ignored.
    Raises BadRequest, which names the key, when one has a value that it cannot have, or two."""
    asked = _known("header X-Amzn-SageMaker-Custom-Attributes", _attributes(custom_attributes or ""))
    asked |= _known("query string", _query(query or ""))
    return AnswerOptions(**asked)


def asks_for_timing(custom_attributes: str | None) -> bool:
    """Whether the header has `timing=true`: InvokeEndpoint hands back no header of the answer but this one, so that it
    is where a client behind SageMaker can read what Server-Timing says.
    """
    return bool(custom_attributes) and ("timing", "true") in (
        (key.strip().lower(), value.lower()) for key, value in _attributes(custom_attributes or "")
    )


def _attributes(header: str) -> list[tuple[str, str]]:
    """`a=1; b=2` or `a=1, b=2`; a part without "=" is somebody's own."""
    return [
        (key, value.strip().strip('"'))
        for key, equals, value in (part.partition("=") for part in re.split("[;,]", header))
        if equals
    ]


def _query(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise BadRequest("The query string has more than 100 fields. Only top-k and output are of use.") from error


def _known(where: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The fields of AnswerOptions that `pairs` set, checked."""
    found: dict[str, str] = {}
    for key, value in pairs:
        name = key.strip().lower().replace("_", "-")
        if name not in ("top-k", "output"):
            continue
        if found.setdefault(name, value) != value:
            raise BadRequest(f"The {where} says {name} twice, differently. Say it once.")
    fields: dict[str, Any] = {}
    if "top-k" in found:
        fields["top_k"] = _top_k(where, found["top-k"])
    if "output" in found:
        fields["output"] = _output(where, found["output"])
    return fields


def _top_k(where: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= MAX_TOP_K_DIGITS and int(value) >= 1):
        raise BadRequest(f"top-k in the {where} must be a whole number of at least 1, not {_shown(value)}.")
    return int(value)


def _output(where: str, value: str) -> str:
    output = value.lower().replace("_", "-")
    if output not in OUTPUTS:
        raise BadRequest(f"output in the {where} must be one of {', '.join(OUTPUTS)}, not {_shown(value)}.")
    return output


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:40]}...")
