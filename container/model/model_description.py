"""What a model file says about itself, checked: architecture, head, classes in the order of the logits, preprocessing.

The file may come from anywhere, so nothing in it is believed before it was looked at.
"""

import json
import math
from dataclasses import dataclass, fields

from container.pictures.preprocessing import INTERPOLATIONS, Preprocessing

# pixels; training takes up to 1024 (container/training/hyperparameters.py), and its squares are an eighth larger
LARGEST_SQUARE = 4096
SHOWN = 60  # characters of a wrong value


class WrongDescription(ValueError):
    """The message completes "The description in FILE ..."."""


@dataclass(frozen=True)
class Description:
    """The fields of the JSON in the model file, as `save_checkpoint` writes them (container/model/model_file.py)."""

    arch: str
    head_widths: tuple[int, ...]
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    test_flip: bool
    facts: dict


def read_description(text: str) -> Description:
    """text: JSON. Raises WrongDescription."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongDescription(f"is not JSON ({error})") from error
    _fields(found, "", [field.name for field in fields(Description)])
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
    _check(isinstance(found["facts"], dict), "facts", "an object", found["facts"])
    return Description(
        found["arch"],
        tuple(found["head_widths"]),
        tuple(found["classes"]),
        _preprocessing(found["preprocessing"]),
        found["test_flip"],
        found["facts"],
    )


def _preprocessing(found: object) -> Preprocessing:
    if isinstance(found, dict):
        found = {"interpolation": INTERPOLATIONS[0], **found}  # models from before it was a choice
    _fields(found, "preprocessing.", [field.name for field in fields(Preprocessing)])
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
    mean, std = (tuple(map(float, found[name])) for name in ("mean", "std"))
    return Preprocessing(side, square, mean, std, found["interpolation"])


def _fields(found: object, prefix: str, wanted: list[str]) -> None:
    """Exactly these: one that is not known may mean something that is not done."""
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


def _check(right: bool, name: str, wanted: str, found: object) -> None:
    if not right:
        raise WrongDescription(f"must have {wanted} as {name}, not {_shown(found)}")


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _is_list(value: object, right) -> bool:
    return isinstance(value, list) and all(right(one) for one in value)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6 and math.isfinite(value)
