"""Where each file of a user's data set belongs: `train/<class folder>/...`, `valid/...`, `test/...`.

Folders of splits are found by their usual names, at the top or a few folders down. Class folders without splits are
split by splits.py. What can be understood in two ways, or not at all, is refused with what was seen and what to rename.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from contract.data_files import hidden_note, is_hidden, some
from contract.splits import SHARES, SPLITS, split_meant, split_pictures

Parts = tuple[str, ...]
_DEEPEST = 3  # folders above the splits


@dataclass(frozen=True)
class DataLayout:
    """places: `val/Beagle/a.jpg` -> `valid/Beagle/a.jpg`, for each file that is used. notes: sentences for the user."""

    places: dict[str, str]
    notes: tuple[str, ...]


def arrange(
    names: Iterable[str], source: str, is_picture: Callable[[str], bool], hidden: Counter[str] | None = None
) -> DataLayout:
    """Lay out a data set.

    Args:
        names: of its files, with `/`.
        source: what the user calls it, for messages.
        is_picture: whether the file of a name is one; only asked of files outside the folders of splits.
        hidden: files that were left out of `names` already, by the hidden folder that holds them.

    Raises ValueError, a sentence with what was seen and what to do, when it is no data set with train and valid.
    """
    hidden = Counter(hidden or {})
    files = {}
    for name in names:
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if ".." in parts:
            raise ValueError(f"{source} holds {name}, which leads out of it. Make it anew without such names.")
        at = next((index for index, part in enumerate(parts) if is_hidden(part)), None)
        if at is None:
            files[name] = parts
        elif at < len(parts) - 1:
            hidden[parts[at]] += 1
    above = _above_splits(files.values(), source)
    layout = _flat(files, source, is_picture) if above is None else _in_splits(files, above, source, is_picture)
    _check_unique(layout.places, source)
    return DataLayout(layout.places, (*(f"{source} has {note}" for note in hidden_note(hidden)), *layout.notes))


def _above_splits(files: Iterable[Parts], source: str) -> Parts | None:
    """The folders above those of the splits, which are known by their names and by class folders in them."""
    for depth in range(_DEEPEST + 1):
        found = {parts[:depth] for parts in files if len(parts) > depth + 2 and split_meant(parts[depth])}
        if len(found) > 1:
            raise ValueError(
                f"{source} holds several data sets: {some(sorted(map('/'.join, found)))}. Name one of them."
            )
        if found:
            return found.pop()
    return None


def _in_splits(files: Mapping[str, Parts], above: Parts, source: str, is_picture: Callable[[str], bool]) -> DataLayout:
    depth = len(above)
    inside = {name: parts[depth:] for name, parts in files.items() if parts[:depth] == above and len(parts) > depth + 1}
    folder_of: dict[str, str] = {}
    for folder in sorted({parts[0] for parts in inside.values() if split_meant(parts[0])}):
        split = split_meant(folder) or ""
        if split in folder_of:
            raise ValueError(
                f"{source} has the folders {folder_of[split]} and {folder}, which both mean {split}. Merge them, or "
                "rename one."
            )
        folder_of[split] = folder
    labelled = {parts[0] for parts in inside.values() if len(parts) > 2}
    notes = [f"{folder} is taken as {split}" for split, folder in folder_of.items() if folder != split]
    for split in SPLITS:
        given = folder_of.get(split)
        if given in labelled:
            continue
        if split != "test":
            raise ValueError(_lacks(split, given, sorted({parts[0] for parts in inside.values()}), source))
        if given:
            notes.append(f"{given} has no class folders and is left out: nobody could tell what is right in it")
            del folder_of["test"]
    split_of = {folder: split for split, folder in folder_of.items()}
    places = {
        name: "/".join((split_of[parts[0]], *parts[1:])) for name, parts in inside.items() if parts[0] in split_of
    }
    outside = [
        "/".join(parts[: min(depth + 1, len(parts) - 1)]) or "."
        for name, parts in files.items()
        if name not in places and is_picture(name)
    ]
    if outside:
        notes.append(
            f"{len(outside):,} pictures outside the splits are left out (in {some(sorted(set(outside)))}): if one is a "
            "split, rename it to train, valid or test"
        )
    return DataLayout(places, tuple(f"{source}: {note}" for note in notes))


def _lacks(split: str, folder: str | None, seen: list[str], source: str) -> str:
    if folder:
        return (
            f"{source} has no class folders under {folder}/, only files. Put them in a folder for each class: "
            f"{folder}/Beagle/a.jpg."
        )
    return (
        f"{source} has no files under {split}/. It has the folders {some(seen)}: rename the one that is meant to "
        f"{split}, or put a part of the others' pictures there. Class folders alone, without any split, are split "
        "80/10/10."
    )


def _flat(files: Mapping[str, Parts], source: str, is_picture: Callable[[str], bool]) -> DataLayout:
    """Class folders without splits."""
    pictures = {name: parts for name, parts in files.items() if is_picture(name)}
    depth = 0
    while len({parts[: depth + 1] for parts in pictures.values()}) == 1 and all(
        len(parts) > depth + 2 for parts in pictures.values()
    ):
        depth += 1
    classes: dict[str, list[str]] = {}
    for parts in pictures.values():
        if len(parts) > depth + 1:
            classes.setdefault(parts[depth], []).append("/".join(parts[depth:]))
    _check_flat(classes, source)
    split_of = split_pictures(classes)
    places = {
        name: f"{split_of[inside]}/{inside}"
        for name, parts in pictures.items()
        if (inside := "/".join(parts[depth:])) in split_of
    }
    counts = Counter(split_of.values())
    notes = [
        f"{source} has no folders train, valid and test: the pictures of its {len(classes)} classes are split "
        f"{'/'.join(str(share) for share in SHARES.values())}, in every class and on every run alike: "
        + ", ".join(f"{split} {counts[split]:,}" for split in SPLITS)
    ]
    if len(places) < len(files):
        notes.append(f"{source}: {len(files) - len(places):,} files are no pictures in a class folder and are left out")
    return DataLayout(places, tuple(notes))


def _check_flat(classes: Mapping[str, list[str]], source: str) -> None:
    """Raise ValueError where pictures in folders are no classes."""
    lacks = f"{source} has no folders train, valid and test with class folders in them"
    wanted = "Lay it out as train/Beagle/a.jpg, valid/Beagle/b.jpg and test/Beagle/c.jpg, or as Beagle/a.jpg alone."
    splits = sorted(folder for folder in classes if split_meant(folder))
    if len(splits) > 1 or (splits and len(classes) == 1):
        raise ValueError(
            f"{lacks}: pictures lie right in {some(splits)}. Put them in a folder for each class: "
            f"{splits[0]}/Beagle/a.jpg."
        )
    inner = sorted(
        {
            f"{folder}/{parts[1]}"
            for folder, names in classes.items()
            for parts in _folders(names)
            if split_meant(parts[1])
        }
    )
    if inner:
        raise ValueError(f"{lacks}: it has {some(inner)}, splits inside of other folders. {wanted}")
    if len(classes) < 2:
        seen = f"pictures in one folder only, {next(iter(classes))}" if classes else "no pictures in folders"
        raise ValueError(f"{lacks}, and {seen}. {wanted}")


def _folders(names: Iterable[str]) -> set[Parts]:
    """The folders of files, as parts, where there is one inside the class folder."""
    return {parts[:-1] for name in names if len(parts := tuple(name.split("/"))) > 2}


def _check_unique(places: Mapping[str, str], source: str) -> None:
    taken: dict[str, str] = {}
    for name, place in places.items():
        if place in taken:
            raise ValueError(
                f"{source} holds {taken[place]} and {name}, which would both become {place}. Remove or rename one."
            )
        taken[place] = name
