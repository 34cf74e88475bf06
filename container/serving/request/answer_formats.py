"""Answers as text: which format a client is given, and how it looks.

One picture's answer is a list of `{"label": str, "probability": float}`, best first, which may have a decision and a
saliency map beside it; or an embedding: a list of floats.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

from container.serving.request.request_errors import NotAcceptable

JSON, JSON_LINES, CSV = "application/json", "application/jsonlines", "text/csv"
FORMATS = (JSON, JSON_LINES, CSV)  # the first is given where a client has no preference
ALIASES = {"application/x-ndjson": JSON_LINES, "application/x-jsonlines": JSON_LINES, "application/csv": CSV}
WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")  # RFC 9110, 12.4.2
MAX_RANGES = 50  # in one Accept; browsers send some ten


class Embedding(list[float]):
    """A list of floats that is known as an embedding also when it has passed through functions of the user's."""


class Predictions(list[dict[str, Any]]):
    """Classes and their probabilities, best first, and what stands beside them in JSON.

    decision: the best one's label alone, or None where its probability is below the endpoint's threshold
    (DOGBREED_UNKNOWN_BELOW); empty without a threshold. saliency: None, or the map of the first class, JSON:
    {"label": str, "box": [left, top, right, bottom], "grid": [[float, ...], ...]}: rows of the map from the top, 0
    to 1, and which part of the upright picture they cover, shares of its width and height.
    """

    def __init__(
        self,
        predictions: Iterable[dict[str, Any]],
        decision: tuple[()] | tuple[str | None] = (),
        saliency: dict[str, Any] | None = None,
    ):
        super().__init__(predictions)
        self.decision, self.saliency = decision, saliency


Answer = list[dict[str, Any]] | Predictions | Embedding


def is_answer(value: object) -> TypeGuard[Answer | list[Answer]]:
    """Whether `render` can take it: one answer, or a list of answers."""
    return isinstance(value, list) and (_is_one(value) or all(_is_one(one) for one in value))


def _is_one(value: object) -> bool:
    if isinstance(value, Embedding):
        return True
    return isinstance(value, list) and all(
        isinstance(one, dict) and "label" in one and "probability" in one for one in value
    )


def choose_format(accept: str | None, formats: Sequence[str] = FORMATS) -> str:
    """The one of `formats` that the header Accept likes best; the first of them where it likes several as much, or says
    nothing.

    Raises NotAcceptable when all are excluded.
    """
    return acceptable_formats(accept, formats)[0]


def formats_of(answer: object) -> Sequence[str]:
    """Those of FORMATS that can hold this answer: a line of CSV has no room for a map."""
    first = answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], list) else answer
    return (JSON, JSON_LINES) if isinstance(first, Predictions) and first.saliency else FORMATS


def acceptable_formats(accept: str | None, formats: Sequence[str]) -> list[str]:
    """Those of `formats` that the header Accept takes, best first; in their order where it likes several as much, or
    says nothing.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1: the most specific range that names a format gives its weight,
    0 excludes it. A part that is no media range is ignored, as is every parameter but q. Raises NotAcceptable when all
    are excluded."""
    if not accept or not accept.strip():
        return list(formats)
    ranges = _media_ranges(accept)
    weights = {known: weight for known in formats if (weight := _weight(known, ranges))}
    if not weights:
        shown = accept if len(accept) <= 100 else f"{accept[:100]}..."
        raise NotAcceptable(f"Accept {shown} cannot be answered. Ask for {', '.join(formats[:-1])} or {formats[-1]}.")
    return sorted(weights, key=weights.__getitem__, reverse=True)  # which keeps the order of equals


def in_clients_order(accept: str | None, formats: Sequence[str]) -> list[str]:
    """`formats`, those first that the header names, in its order."""
    named = [media_range for media_range, _ in _media_ranges(accept or "")]
    return sorted(formats, key=lambda known: named.index(known) if known in named else len(named))


def render(answer: Answer | list[Answer], many: bool, media_type: str) -> str:
    """answer: of one picture, or with `many` a list of such answers in the order of the request. media_type: one of
    FORMATS.

    JSON: {"predictions": [{"label", "probability"}, ...]} or {"embedding": [...]}; with `many` {"predictions": [[...],
    ...]} or {"embeddings": [[...], ...]}. A decision stands before them: {"label": null, "predictions": [...]}, with
    `many` {"labels": ["Beagle", null], "predictions": [[...], [...]]}; "saliency" after them, with `many` a list as
    long. JSON Lines (https://jsonlines.org): the object
    of one picture on each line. CSV (https://www.rfc-editor.org/rfc/rfc4180): a line for each picture,
    label,probability,label,probability,... or the floats of the embedding; no header line; the first label is empty
    where the decision is None. The last two end every picture's answer with a newline: a transform
    invocation's AssembleWith and JoinSource go by lines.
    https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html"""
    answers: list[Any] = answer if many else [answer]
    if media_type == CSV:
        return _csv(answers)
    if media_type == JSON_LINES:
        return "".join(f"{json.dumps(_object(one))}\n" for one in answers)
    if not many:
        return json.dumps(_object(answers[0]))
    embeddings = bool(answers) and _is_embedding(answers[0])
    decisions = [one.decision[0] for one in answers if isinstance(one, Predictions) and one.decision]
    maps = [one.saliency for one in answers if isinstance(one, Predictions) and one.saliency]
    return json.dumps(
        {
            **({"labels": decisions} if decisions else {}),
            "embeddings" if embeddings else "predictions": answers,
            **({"saliency": maps} if maps else {}),
        }
    )


def _object(answer: Answer) -> dict[str, Any]:
    if not isinstance(answer, Predictions):
        return {"embedding" if _is_embedding(answer) else "predictions": answer}
    return {
        **({"label": answer.decision[0]} if answer.decision else {}),
        "predictions": answer,
        **({"saliency": answer.saliency} if answer.saliency else {}),
    }


def _is_embedding(answer: Answer) -> bool:
    return bool(answer) and not isinstance(answer[0], dict)


def _csv(answers: list[Any]) -> str:
    text = io.StringIO()
    # Not RFC 4180's CRLF: a join would keep the CR as part of the last value.
    writer = csv.writer(text, lineterminator="\n")
    for answer in answers:
        if _is_embedding(answer):
            writer.writerow(answer)
            continue
        cells = [cell for one in answer for cell in (one["label"], one["probability"])]
        writer.writerow(["", *cells[1:]] if isinstance(answer, Predictions) and answer.decision == (None,) else cells)
    return text.getvalue()


def _media_ranges(accept: str) -> list[tuple[str, float]]:
    """(range, weight) of each part of the header that is one."""
    ranges = []
    for part in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next(
            (value.strip() for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"), "1"
        )
        if media_range.count("/") == 1 and WEIGHT.fullmatch(weight):
            ranges.append((ALIASES.get(media_range, media_range), float(weight)))
    return ranges


def _weight(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """That of the most specific range that matches, the largest where it stands there twice; 0 when none does."""
    for wanted in (media_type, f"{media_type.split('/')[0]}/*", "*/*"):
        matching = [weight for media_range, weight in ranges if media_range == wanted]
        if matching:
            return max(matching)
    return 0.0
