"""Channels and their class folders: which pictures a channel holds, and which class each belongs to.

The layout is Udacity's dogImages.zip: `<channel>/<number>.<Class_name>/<picture>`; `contract.class_names` says when the
number is no part of the class name.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from container.data.channel_files import channel_files
from container.runtime.failure import TrainingFailure
from contract.class_names import class_among, class_names, composed, partly_numbered
from contract.data_files import hidden_note, is_picture_file, some
from contract.picture_formats import TAKEN, pictures_not_taken
from contract.splits import SHARES, SPLITS, split_meant, split_pictures

_VARIABLE = "SM_CHANNEL_"


@dataclass(frozen=True)
class Split:
    """The pictures of one channel: `labels[i]` is the index in `classes` of `paths[i]`.

    root: the folder that holds the class folders.
    """

    name: str
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    warnings: tuple[str, ...] = ()
    root: Path = Path()


def read_split(root: Path, name: str, classes: tuple[str, ...] | None = None) -> Split:
    """List the pictures of a channel, class folders and files in sorted order.

    Args:
        root: folder of the channel.
        name: of the channel, for messages.
        classes: those of the train channel, whose order the labels follow; None for the train channel itself.

    Raises TrainingFailure, naming the folder, when there is nothing to learn from, when two folders mean the same class
    or when a class is not in `classes`.
    """
    files = channel_files(root, name, classes)
    folders = list(files.of_folders)
    known = dict.fromkeys(classes or ())
    class_of = class_names(folders) if classes is None else {one: class_among(one, known) for one in folders}
    look_alikes = _look_alikes(name, class_of)
    pictures: dict[str, list[Path]] = {one: [] for one in class_of.values()}
    others: list[Path] = []
    for folder, inside in files.of_folders.items():
        for file in inside:
            path = files.root / file
            (pictures[class_of[folder]] if is_picture_file(path) else others).append(path)
    if classes is None:
        _check_first_split(name, pictures, others)
        classes = tuple(pictures)
    else:
        _check_further_split(name, pictures, classes, others)
    warnings = (
        *_warnings_of_other_files(name, others),
        *_warnings_of_classes(name, pictures, classes),
        *look_alikes,
        *_warnings_of_numbers(name, folders),
        *(f"channel {name} has {note}" for note in (*files.notes, *hidden_note(files.hidden))),
    )
    rows = [(path, label) for label, one in enumerate(classes) for path in pictures.get(one, [])]
    return Split(
        name, classes, tuple(path for path, _ in rows), tuple(label for _, label in rows), warnings, files.root
    )


def _look_alikes(name: str, class_of: dict[str, str]) -> list[str]:
    """Warnings of folders whose names look the same, and are one class. Raises TrainingFailure for two other folders
    that mean one class.
    """
    warnings = []
    first: dict[str, str] = {}
    for folder, one in class_of.items():
        other = first.setdefault(one, folder)
        if composed(other) != composed(folder):
            raise TrainingFailure(
                f"Channel {name} has two folders for the class {one}, {other} and {folder}: the number before the "
                "name does not count. Merge or rename them."
            )
        if other != folder:
            warnings.append(
                f"channel {name} has two folders {one} whose names look the same and differ in their bytes: they are "
                "one class"
            )
    return warnings


def _check_first_split(name: str, pictures: dict[str, list[Path]], others: list[Path]) -> None:
    """The split that names the classes: raise TrainingFailure for an empty class, and for fewer than two classes.

    others: files that are no pictures.
    """
    empty = [one for one, paths in pictures.items() if not paths]
    if empty:
        remedy = _remedy(others, "Add pictures or remove the empty folders.")
        raise TrainingFailure(f"Channel {name} has no picture of {some(empty)}. {remedy}")
    if len(pictures) < 2:
        raise TrainingFailure(
            f"Channel {name} has one class only, {min(pictures)}, and a classifier needs two or more. Add a folder of "
            "pictures for each other class."
        )


def _remedy(others: list[Path], otherwise: str) -> str:
    """What to do where pictures are missing. others: files that are no pictures, of which some may be of formats that
    are not taken.
    """
    not_taken = pictures_not_taken(path.name for path in others)
    return f"It has {not_taken}, which are not taken: use {TAKEN}." if not_taken else otherwise


def _check_further_split(
    name: str, pictures: dict[str, list[Path]], classes: tuple[str, ...], others: list[Path]
) -> None:
    """Another split: raise TrainingFailure for pictures of an unknown class, and for none of the known ones.

    others: files that are no pictures.
    """
    stray = [one for one, paths in pictures.items() if paths and one not in classes]
    if stray:
        raise TrainingFailure(
            f"Channel {name} has classes that channel train lacks: {some(stray)}. "
            "The splits must have the same class folders."
        )
    if not any(pictures.get(one) for one in classes):
        raise TrainingFailure(
            f"Channel {name} has no pictures in its class folders. {_remedy(others, 'Add pictures.')}"
        )


def _warnings_of_other_files(name: str, others: list[Path]) -> list[str]:
    if not others:
        return []
    kinds = ", ".join(sorted({path.suffix or "no suffix" for path in others})[:5])
    return [f"channel {name} has {len(others)} files that are no pictures by their name ({kinds}): they are not used"]


def _warnings_of_classes(name: str, pictures: dict[str, list[Path]], classes: tuple[str, ...]) -> list[str]:
    """Empty folders of unknown classes, and known classes without pictures."""
    warnings = []
    unknown = [one for one, paths in pictures.items() if not paths and one not in classes]
    if unknown:
        warnings.append(f"channel {name} has empty folders for classes that channel train lacks: {some(unknown)}")
    missing = [one for one in classes if not pictures.get(one)]
    if missing:
        warnings.append(f"channel {name} has no pictures of {some(missing)}: they do not count in its figures")
    return warnings


def _warnings_of_numbers(name: str, folders: list[str]) -> list[str]:
    found = partly_numbered(folders) if name == "train" else None
    if not found:
        return []
    return [
        f"channel {name} has class folders with a number before the name ({found[0]}) and others without ({found[1]}): "
        "the numbers stay in the class names"
    ]


def channel(name: str) -> Path | None:
    """The folder of a channel; None when the request does not have it."""
    folder = os.environ.get(f"{_VARIABLE}{name.upper()}")
    return Path(folder) if folder else None


def picture_channels() -> dict[str, Path]:
    """The folders of the channels with pictures that the request has, by split. A channel `validation` is that of
    valid, and `training` that of train. Raises TrainingFailure for two of one split.
    """
    found: dict[str, str] = {}
    for variable in sorted(os.environ):
        name = variable.removeprefix(_VARIABLE)
        split = split_meant(name) if variable.startswith(_VARIABLE) and os.environ[variable] else None
        if split in found:
            raise TrainingFailure(
                f"The channels {found[split].lower()} and {name.lower()} both mean {split}. Leave one of them out of "
                "the request's InputDataConfig."
            )
        if split:
            found[split] = name
    return {split: Path(os.environ[_VARIABLE + found[split]]) for split in SPLITS if split in found}


def read_splits() -> dict[str, Split]:
    """The splits by name; `test` only where its channel is given. Their classes are those of `train`.

    Where no other channel than that of train is given, its pictures are split, as `upload` splits class folders.
    Raises TrainingFailure as `read_split`, and for a channel that is missing.
    """
    splits: dict[str, Split] = {}
    given = picture_channels()
    if list(given) == ["train"]:
        return split_of_train(read_split(given["train"], "train"))
    for name in SPLITS:
        if name not in given and name == "test":
            print("no channel test: the model is not evaluated on a test split")
            continue
        if name not in given:
            raise TrainingFailure(
                f"Channel {name} is missing{_those_given()}. Add {name} to the request's InputDataConfig."
            )
        splits[name] = read_split(given[name], name, splits["train"].classes if splits else None)
    return splits


def _those_given() -> str:
    """The channels of the request, as a part of a sentence: one of another name may be meant."""
    names = [name.removeprefix(_VARIABLE).lower() for name in sorted(os.environ) if name.startswith(_VARIABLE)]
    return f": the request's channels are {', '.join(names)}" if names else ", as is every other"


def split_of_train(whole: Split) -> dict[str, Split]:
    """The pictures of a channel train that is the only one, as train, valid and test. Raises TrainingFailure when there
    are too few.
    """
    folders: dict[str, list[str]] = {}
    names = [path.relative_to(whole.root).as_posix() for path in whole.paths]
    for name in names:
        folders.setdefault(name.partition("/")[0], []).append(name)
    split_of = split_pictures(folders)
    rows = {split: [row for row, name in enumerate(names) if split_of[name] == split] for split in SPLITS}
    if not rows["valid"]:
        raise TrainingFailure(
            "Channel valid is missing, and channel train has one picture of each class, which cannot be split. Add "
            "pictures, or channel valid."
        )
    note = (
        "the request has no other channel with pictures than train: in every class, and on every run alike, they are "
        f"split {'/'.join(map(str, SHARES.values()))}: " + ", ".join(f"{name} {len(rows[name]):,}" for name in SPLITS)
    )
    return {
        name: replace(
            whole,
            name=name,
            paths=tuple(whole.paths[row] for row in rows[name]),
            labels=tuple(whole.labels[row] for row in rows[name]),
            warnings=(*whole.warnings, note) if name == "train" else (),
        )
        for name in SPLITS
        if rows[name]
    }
