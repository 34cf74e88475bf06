"""How many unreadable pictures a split may have: a few are left out, more mean that something else is wrong."""

from container.data.class_folders import Split
from container.runtime.failure import TrainingFailure

# Above both of these something else is wrong than a few bad files.
MAX_SHARE = 0.05
MAX_COUNT = 2


def check_unreadable(split: Split, unreadable: dict[int, str]) -> None:
    """unreadable: reasons by position in split.paths.

    Raises TrainingFailure when they are more than two and more than one in twenty, when no picture is left, or when the
    channel train has lost every picture of a class.
    """
    allowed = max(MAX_COUNT, MAX_SHARE * len(split.paths))
    if len(unreadable) > min(allowed, len(split.paths) - 1):
        row, reason = min(unreadable.items())
        path = split.paths[row]
        raise TrainingFailure(
            f"Channel {split.name} has {len(unreadable)} unreadable pictures of {len(split.paths)}. "
            f"The first is {path.parent.name}/{path.name}: {reason}. Repair or remove them."
        )
    left = {label for row, label in enumerate(split.labels) if row not in unreadable}
    lost = sorted(set(split.labels) - left)
    if lost and split.name == "train":
        raise TrainingFailure(
            f"Channel train has no readable picture of {split.classes[lost[0]]}. Repair or replace its pictures."
        )
