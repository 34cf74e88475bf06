"""Channels and their class folders: which pictures a channel holds, and which class each belongs to.

The layout is Udacity's dogImages.zip: `<channel>/<number>.<Class_name>/<picture>`. The number and its dot are optional
and are not part of the class name.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from container.runtime.failure import TrainingFailure
from contract.splits import PICTURE_SUFFIXES, SPLITS, class_name


@dataclass(frozen=True)
class Split:
    """The pictures of one channel: `labels[i]` is the index in `classes` of `paths[i]`."""

    name: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    warnings: tuple[str, ...] = field(default=())


def read_split(root: Path, name: str, classes: tuple[str, ...] | None = None) -> Split:
    """List the pictures of a channel, class folders and files in sorted order.

    Args:
        root: folder of the channel.
        name: of the channel, for messages.
        classes: those of the train channel, whose order the labels follow; None for the train channel itself.

    Raises TrainingFailure, naming the folder, when there is nothing to learn from, when two folders mean the same class
    or when a class is not in `classes`.
    """
    folders = _class_folders(root, name)
    pictures = {one: _pictures(folder) for one, folder in folders.items()}
    if classes is None:
        _check_first_split(name, pictures)
        classes = tuple(folders)
    else:
        _check_further_split(name, pictures, classes)
    warnings = (
        *_warnings_of_other_files(name, list(folders.values())),
        *_warnings_of_classes(name, pictures, classes),
        *_warnings_of_loose_pictures(name, root),
    )
    rows = [(path, label) for label, one in enumerate(classes) for path in pictures.get(one, [])]
    return Split(name, classes, tuple(path for path, _ in rows), tuple(label for _, label in rows), warnings)


def _class_folders(root: Path, name: str) -> dict[str, Path]:
    """The class folders of a channel by class name, sorted by folder. Raises TrainingFailure."""
    if not root.is_dir():
        raise TrainingFailure(f"Channel {name} is missing: {root} is not a folder. Add the channel to the request.")
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not _hidden(entry))
    if not folders:
        raise TrainingFailure(
            f"Channel {name} has no class folders in {root}. Put one folder of pictures per class there."
        )
    names = [class_name(folder.name) for folder in folders]
    twice = {one for one in names if names.count(one) > 1}
    if twice:
        raise TrainingFailure(f"Channel {name} has two folders for the class {min(twice)}. Merge or rename them.")
    return dict(zip(names, folders, strict=True))


def _check_first_split(name: str, pictures: dict[str, list[Path]]) -> None:
    """The split that names the classes: raise TrainingFailure for an empty class, and for fewer than two classes."""
    empty = [one for one, paths in pictures.items() if not paths]
    if empty:
        raise TrainingFailure(
            f"Channel {name} has no picture of {_some(empty)}. Add pictures or remove the empty folders."
        )
    if len(pictures) < 2:
        raise TrainingFailure(f"Channel {name} has one class only, {min(pictures)}. A classifier needs two or more.")


def _check_further_split(name: str, pictures: dict[str, list[Path]], classes: tuple[str, ...]) -> None:
    """Another split: raise TrainingFailure for pictures of an unknown class, and for none of the known ones."""
    stray = [one for one, paths in pictures.items() if paths and one not in classes]
    if stray:
        raise TrainingFailure(
            f"Channel {name} has classes that channel train lacks: {_some(stray)}. "
            "The splits must have the same class folders."
        )
    if not any(pictures.get(one) for one in classes):
        raise TrainingFailure(f"Channel {name} has no pictures in its class folders. Add pictures.")


def _warnings_of_other_files(name: str, folders: list[Path]) -> list[str]:
    others = _other_files(folders)
    if not others:
        return []
    kinds = ", ".join(sorted({path.suffix or "no suffix" for path in others})[:5])
    return [f"channel {name} has {len(others)} files that are no pictures by their name ({kinds}): they are not used"]


def _warnings_of_classes(name: str, pictures: dict[str, list[Path]], classes: tuple[str, ...]) -> list[str]:
    """Empty folders of unknown classes, and known classes without pictures."""
    warnings = []
    unknown = [one for one, paths in pictures.items() if not paths and one not in classes]
    if unknown:
        warnings.append(f"channel {name} has empty folders for classes that channel train lacks: {_some(unknown)}")
    missing = [one for one in classes if not pictures.get(one)]
    if missing:
        warnings.append(f"channel {name} has no pictures of {_some(missing)}: they do not count in its figures")
    return warnings


def _warnings_of_loose_pictures(name: str, root: Path) -> list[str]:
    loose = sum(1 for entry in root.iterdir() if entry.suffix.lower() in PICTURE_SUFFIXES)
    return [f"channel {name} has {loose} pictures outside the class folders: they are not used"] if loose else []


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES and not _hidden(path) and path.is_file()
    )


def _other_files(folders: list[Path]) -> list[Path]:
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not _hidden(path) and path.suffix.lower() not in PICTURE_SUFFIXES
    ]


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__MACOSX"))


def _some(names: list[str], limit: int = 5) -> str:
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def channel(name: str) -> Path | None:
    """The folder of a channel; None when the request does not have it."""
    folder = os.environ.get(f"SM_CHANNEL_{name.upper()}")
    return Path(folder) if folder else None


def picture_channels() -> dict[str, Path]:
    """The folders of the channels with pictures that the request has, by split."""
    return {name: folder for name in SPLITS if (folder := channel(name))}


def read_splits() -> dict[str, Split]:
    """The splits by name; `test` only where its channel is given. Their classes are those of `train`."""
    splits: dict[str, Split] = {}
    given = picture_channels()
    for name in SPLITS:
        if name not in given and name == "test":
            print("no channel test: the model is not evaluated on a test split")
            continue
        if name not in given:
            raise TrainingFailure(f"Channel {name} is missing. Add it to the request's InputDataConfig.")
        splits[name] = read_split(given[name], name, splits["train"].classes if splits else None)
    return splits
