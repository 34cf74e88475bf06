"""The description inside a model file, checked: architecture, head, classes in the order of the logits, preprocessing.

A model file may come from anywhere, so every field is checked before it is used.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from container.pictures.preprocessing import INTERPOLATIONS, Preprocessing

# pixels; training takes up to 1024 (contract/hyperparameters.py), and its squares are an eighth larger
LARGEST_SQUARE = 4096
SHOWN = 60  # characters of a wrong value


class WrongDescription(ValueError):
    """A description cannot be used. The message completes "The description in FILE ..."."""


@dataclass(frozen=True)
class Description:
    """The JSON in the model file, as `save_checkpoint` writes it (container/model/model_file.py)."""

    arch: str
    head_widths: tuple[int, ...]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    test_flip: bool
    temperature: float
    unknown_below: float
    facts: dict[str, Any]


# Of models from before these were in a description.
_EARLIER: dict[str, object] = {"temperature": 1.0, "unknown_below": 0.0}


def read_description(text: str) -> Description:
    """Parse and check a description. text: JSON. Raises WrongDescription."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongDescription(f"is not JSON ({error})") from error
    if isinstance(found, dict):
        found = {**_EARLIER, **found}
    found = _fields(found, "", [field.name for field in fields(Description)])
    _check(isinstance(found["arch"], str), "arch", "the name of an architecture", found["arch"])
    _check(
        _is_list(found["head_widths"], _is_size),
        "head_widths",
        "a list of whole numbers from 1 to 999,999",
        found["head_widths"],
    )
    _check(
        bool(found["classes"]) and _is_list(found["classes"], lambda one: isinstance(one, str)),
        "classes",
        "a list of names",
        found["classes"],
    )
    _check(isinstance(found["test_flip"], bool), "test_flip", "true or false", found["test_flip"])
    temperature, unknown_below = found["temperature"], found["unknown_below"]
    _check(
        _is_number(temperature) and 0.001 <= temperature <= 1000,
        "temperature",
        "a number from 0.001 to 1000",
        temperature,
    )
    _check(
        _is_number(unknown_below) and 0 <= unknown_below <= 1, "unknown_below", "a number from 0 to 1", unknown_below
    )
    _check(isinstance(found["facts"], dict), "facts", "an object", found["facts"])
    return Description(
        found["arch"],
        tuple(found["head_widths"]),
        tuple(found["classes"]),
        _preprocessing(found["preprocessing"]),
        found["test_flip"],
        float(temperature),
        float(unknown_below),
        found["facts"],
    )


def _preprocessing(found: object) -> Preprocessing:
    if isinstance(found, dict):
        found = {"interpolation": INTERPOLATIONS[0], **found}  # models from before it was a choice
    found = _fields(found, "preprocessing.", [field.name for field in fields(Preprocessing)])
    side, square = found["image_size"], found["square_size"]
    _check(_is_size(side), "preprocessing.image_size", "a number of pixels", side)
    _check(
        _is_size(square) and side <= square <= LARGEST_SQUARE,
        "preprocessing.square_size",
        f"a number of pixels from image_size to {LARGEST_SQUARE}",
        square,
    )
    for name in ("mean", "std"):
        three = _is_list(found[name], _is_number) and len(found[name]) == 3
        _check(
            three and (name == "mean" or min(found[name]) > 0),
            f"preprocessing.{name}",
            "three numbers" + " above 0" * (name == "std"),
            found[name],
        )
    _check(
        found["interpolation"] in INTERPOLATIONS,
        "preprocessing.interpolation",
        f"one of {', '.join(INTERPOLATIONS)}",
        found["interpolation"],
    )
    return Preprocessing(side, square, _three(found["mean"]), _three(found["std"]), found["interpolation"])


def _three(found: list[float]) -> tuple[float, float, float]:
    first, second, third = map(float, found)
    return first, second, third


def _fields(found: object, prefix: str, wanted: list[str]) -> dict[str, Any]:
    """The JSON object, with exactly these fields: one that is not known may mean something that is not done."""
    if not isinstance(found, dict):
        raise WrongDescription(
            f"must {'have' if prefix else 'be'} an object with {', '.join(wanted)}{prefix and f' as {prefix[:-1]}'}, "
            f"not {_shown(found)}"
        )
    missing, unknown = [name for name in wanted if name not in found], [name for name in found if name not in wanted]
    if missing:
        raise WrongDescription(f"lacks {', '.join(prefix + name for name in missing)}")
    if unknown:
        raise WrongDescription(f"has an unknown field {_shown(prefix + unknown[0])}")
    return found


def _check(right: bool, name: str, wanted: str, found: object) -> None:
    if not right:
        raise WrongDescription(f"must have {wanted} as {name}, not {_shown(found)}")


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _is_list(value: object, right: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and all(right(one) for one in value)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6 and math.isfinite(value)
