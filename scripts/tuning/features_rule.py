"""When the trials of a tuning job can share one set of features, and what decides these.

With a frozen backbone a picture gives the same features in every trial that has the same backbone and the same views:
they are then computed once, by a job of their own. The training program's own rule is the same: freeze-backbone, some
feature-views, and nothing that needs the pixels in every step.
"""

import hashlib
import json
from collections.abc import Iterable

from scripts.failure import Failure
from scripts.objects import StoredObject

# The hyperparameter with which a job makes features and trains nothing.
FEATURES_ONLY = "features-only"
# What a bank of features cannot give: blends of pictures, TrivialAugment's views, mirror images of valid and test.
_ALPHAS, _SWITCHES = ("mixup", "cutmix"), ("trivial-augment", "test-flip")
_DECIDING = ("arch", "pretrained", "freeze-backbone", "image-size", "min-crop", "feature-views")


def trains_on_features(static: dict[str, str]) -> bool:
    """Whether the values that all trials have let them train on features. static: hyperparameters, as text."""
    from_pixels = any(name in static and not _is_zero(static, name) for name in _ALPHAS) or any(_is_true(static, name) for name in _SWITCHES)
    return _is_true(static, "freeze-backbone") and not _is_zero(static, "feature-views") and not from_pixels


def check_instances(count: int, hyperparameters: dict[str, str], tuned: Iterable[str] = ()) -> None:
    """Raise Failure when several instances would train on features: the program uses one, and refuses more.

    tuned: hyperparameters of which every trial has a value of its own; some of them may keep it from features.
    """
    decided_by_trial = {"freeze-backbone", "feature-views", *_ALPHAS, *_SWITCHES} & set(tuned)
    if count > 1 and not decided_by_trial and trains_on_features(hyperparameters):
        raise Failure(
            f"train.instance-count is {count}, and one instance makes and uses the features of a frozen backbone. Set it to 1, or train in "
            "the ordinary loop with feature-views=0."
        )


def makes_features(hyperparameters: dict[str, str]) -> bool:
    """Whether a training job with these hyperparameters, as text, leaves features and no model."""
    return _is_true(hyperparameters, FEATURES_ONLY)


def keeping_apart(static: dict[str, str], tuned: Iterable[str]) -> list[str]:
    """The tuned hyperparameters for which trials that train on features cannot share them."""
    return [name for name in tuned if name in (*_deciding(static), *_ALPHAS, *_SWITCHES)]


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
    return _text(static, name).lower() in ("true", "1", "yes", "on")


def _is_zero(static: dict[str, str], name: str) -> bool:
    try:
        return float(_text(static, name)) == 0
    except ValueError:  # absent, or what the program will refuse with a sentence
        return False
