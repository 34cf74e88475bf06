"""When the trials of a tuning job can share one set of features, and what decides these.

With a frozen backbone a picture gives the same features in every trial that has the same backbone and the same views:
they are then computed once, by a job of their own. The training program's own rule is the same: freeze-backbone, some
feature-views, no mixup.
"""

import hashlib
import json
from collections.abc import Iterable

from scripts.objects import StoredObject

# The hyperparameter with which a job makes features and trains nothing.
FEATURES_ONLY = "features-only"
_DECIDING = ("arch", "pretrained", "freeze-backbone", "image-size", "min-crop", "feature-views")


def trains_on_features(static: dict[str, str]) -> bool:
    """Whether the values that all trials have let them train on features. static: hyperparameters, as text."""
    without_mixup = "mixup" not in static or _is_zero(static, "mixup")
    return _is_true(static, "freeze-backbone") and not _is_zero(static, "feature-views") and without_mixup


def makes_features(hyperparameters: dict[str, str]) -> bool:
    """Whether a training job with these hyperparameters, as text, leaves features and no model."""
    return _is_true(hyperparameters, FEATURES_ONLY)


def keeping_apart(static: dict[str, str], tuned: Iterable[str]) -> list[str]:
    """The tuned hyperparameters for which trials that train on features cannot share them."""
    return [name for name in tuned if name in (*_deciding(static), "mixup")]


def features_key(image: str, static: dict[str, str], objects: dict[str, dict[str, StoredObject]]) -> str:
    """12 hex digits that stand for everything which decides the features: the same key, the same features.

    image: its URI, whose tag never means another image. objects: by channel, and by name in it.
    """
    deciding = {name: static[name] for name in _deciding(static) if name in static}
    listing = {
        channel: {name: [one.size, one.etag] for name, one in sorted(found.items())} for channel, found in sorted(objects.items())
    }
    return hashlib.sha256(json.dumps([image, deciding, listing], sort_keys=True).encode()).hexdigest()[:12]


def _deciding(static: dict[str, str]) -> tuple[str, ...]:
    # Without pretrained weights the seed draws the backbone's; with them it decides nothing of the features.
    return (*_DECIDING, "seed") if _text(static, "pretrained") == "none" else _DECIDING


def _text(static: dict[str, str], name: str) -> str:
    return static.get(name, "").strip().strip('"')


def _is_true(static: dict[str, str], name: str) -> bool:
    return _text(static, name).lower() in ("true", "1", "yes")


def _is_zero(static: dict[str, str], name: str) -> bool:
    try:
        return float(_text(static, name)) == 0
    except ValueError:  # absent, or what the program will refuse with a sentence
        return False
