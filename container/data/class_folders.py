"""Class folders: which pictures a channel holds and which class each belongs to.

The layout is Udacity's dogImages.zip: `<channel>/<number>.<Class_name>/<picture>`. The number and its dot are optional
and are not part of the class name.
"""

from dataclasses import dataclass, field
from pathlib import Path

from container.runtime.failure import TrainingFailure
from contract.splits import PICTURE_SUFFIXES, class_name


@dataclass(frozen=True)
class Split:
    """The pictures of one channel: `labels[i]` is the index in `classes` of `paths[i]`."""

    name: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    warnings: tuple[str, ...] = field(default=())


def read_split(root: Path, name: str, classes: tuple[str, ...] | None = None) -> Split:
    """List the pictures under `root`, class folders and files in sorted order.

    With `classes` (those of the train channel) the labels follow that order. Raises TrainingFailure, naming the folder,
    when there is nothing to learn from, when two folders mean the same class or when a class is not in `classes`.
    """
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

    pictures = {one: _pictures(folder) for one, folder in zip(names, folders)}
    empty = [one for one in names if not pictures[one]]
    warnings = []
    others = _other_files(folders)
    if others:
        kinds = ", ".join(sorted({path.suffix or "no suffix" for path in others})[:5])
        warnings.append(
            f"channel {name} has {len(others)} files that are no pictures by their name ({kinds}): they are not used"
        )
    if classes is None:
        if empty:
            raise TrainingFailure(
                f"Channel {name} has no picture of {_some(empty)}. Add pictures or remove the empty folders."
            )
        if len(names) < 2:
            raise TrainingFailure(f"Channel {name} has one class only, {names[0]}. A classifier needs two or more.")
        classes = tuple(names)
    else:
        stray = [one for one in names if one not in classes and pictures[one]]
        if stray:
            raise TrainingFailure(
                f"Channel {name} has classes that channel train lacks: {_some(stray)}. "
                "The splits must have the same class folders."
            )
        unknown = [one for one in empty if one not in classes]
        if unknown:
            warnings.append(f"channel {name} has empty folders for classes that channel train lacks: {_some(unknown)}")
        missing = [one for one in classes if not pictures.get(one)]
        if len(missing) == len(classes):
            raise TrainingFailure(f"Channel {name} has no pictures in its class folders. Add pictures.")
        if missing:
            warnings.append(f"channel {name} has no pictures of {_some(missing)}: they do not count in its figures")

    loose = sum(1 for entry in root.iterdir() if entry.suffix.lower() in PICTURE_SUFFIXES)
    if loose:
        warnings.append(f"channel {name} has {loose} pictures outside the class folders: they are not used")

    paths, labels = [], []
    for label, one in enumerate(classes):
        paths += pictures.get(one, [])
        labels += [label] * len(pictures.get(one, []))
    return Split(name, classes, tuple(paths), tuple(labels), tuple(warnings))


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
