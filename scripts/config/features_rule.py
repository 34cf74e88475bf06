"""Features that trials of a tuning job share: when a job may have several instances, and the key that stands for what
decides them.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from contract.feature_sharing import SWITCHES, deciding, trains_on_features
from contract.value_kinds import unquoted
from scripts.console.failure import Failure

if TYPE_CHECKING:  # the AWS calls are above the settings
    from scripts.aws.objects import StoredObject


def check_instances(count: int, hyperparameters: dict[str, str], tuned: Iterable[str] = ()) -> None:
    """Raise Failure when several instances would train on features: the program uses one, and refuses more.

    tuned: hyperparameters of which every trial has a value of its own; some of them may keep it from features.
    """
    decided_by_trial = set(SWITCHES) & set(tuned)
    if count > 1 and not decided_by_trial and trains_on_features(hyperparameters):
        raise Failure(
            f"train.instance-count is {count}, and one instance makes and uses the features of a frozen backbone. Set "
            "it to 1, or train in "
            "the ordinary loop with feature-views=0."
        )


def features_key(image: str, static: dict[str, str], objects: "dict[str, dict[str, StoredObject]]") -> str:
    """12 hex digits that stand for everything which decides the features: the same key, the same features.

    image: its URI, whose tag never means another image. objects: by channel, and by name in it.
    """
    named = ("freeze-backbone", *deciding(unquoted(static.get("pretrained", ""))))
    values = {name: static[name] for name in named if name in static}
    listing = {
        channel: {name: [one.size, one.etag] for name, one in sorted(found.items())}
        for channel, found in sorted(objects.items())
    }
    return hashlib.sha256(json.dumps([image, values, listing], sort_keys=True).encode()).hexdigest()[:12]
