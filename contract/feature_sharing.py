"""When trials of a tuning job can share one feature bank, and which hyperparameters decide its features.

With a frozen backbone a picture gives the same features in every trial that has the same backbone and the same views:
they are then computed once, by a job of their own, and the program holds a bank against what a trial asks for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract import hyperparameters
from contract.hyperparameters import DECLARATIONS, NEED_PIXELS

FEATURES_ONLY = "features-only"
DECIDING = ("arch", "pretrained", "image-size", "min-crop", "feature-views")
SWITCHES = ("freeze-backbone", "feature-views", *NEED_PIXELS)  # what decides whether a trial trains on features at all


def deciding(pretrained: str) -> tuple[str, ...]:
    """The hyperparameters that decide a bank's features. Without pretrained weights the seed draws the backbone's."""
    return (*DECIDING, "seed") if pretrained == "none" else DECIDING


def trains_on_features(given: Mapping[str, str]) -> bool:
    """Whether a job with these hyperparameters, as text, trains on features; the others have their defaults."""
    return hyperparameters.trains_on_features(lambda name: _value(name, given))


def makes_features(given: Mapping[str, str]) -> bool:
    """Whether a job with these hyperparameters, as text, leaves features and no model."""
    return bool(_value(FEATURES_ONLY, given))


def keeping_apart(given: Mapping[str, str], tuned: Iterable[str]) -> list[str]:
    """The tuned hyperparameters for which trials that train on features cannot share them. given: those of every trial,
    as text.
    """
    apart = {*deciding(str(_value("pretrained", given))), *SWITCHES}
    return [name for name in tuned if name in apart]


def _value(name: str, given: Mapping[str, str]) -> Any:
    declared = DECLARATIONS[name]
    default = declared.kind.read(declared.default or "")
    try:
        return declared.kind.read(given[name]) if name in given else default
    except ValueError:  # the program will refuse it; until then it counts as not given
        return default
