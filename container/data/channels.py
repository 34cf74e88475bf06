"""The folders that the request's channels are in, as sagemaker-training names them in the environment."""

import os
from pathlib import Path

from container.data.class_folders import Split, read_split
from container.runtime.failure import TrainingFailure
from contract.splits import SPLITS


def channel(name: str) -> Path | None:
    """The folder of a channel; None when the request does not have it."""
    folder = os.environ.get(f"SM_CHANNEL_{name.upper()}")
    return Path(folder) if folder else None


def picture_channels() -> dict[str, Path]:
    """The folders of the splits that the request has."""
    return {name: folder for name in SPLITS if (folder := channel(name))}


def read_splits() -> dict[str, Split]:
    """The splits by name; `test` only where its channel is given. Their classes are those of `train`."""
    splits = {}
    given = picture_channels()
    for name in SPLITS:
        if name not in given and name == "test":
            print("no channel test: the model is not evaluated on a test split")
            continue
        if name not in given:
            raise TrainingFailure(f"Channel {name} is missing. Add it to the request's InputDataConfig.")
        splits[name] = read_split(given[name], name, splits["train"].classes if splits else None)
    return splits
