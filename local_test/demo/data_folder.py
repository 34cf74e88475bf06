"""What `DATA=` names, a folder or a zip of pictures, as a folder that holds train, valid and test.

How a data set may be laid out is said in `contract.data_layout`; `upload` reads it by the same rules.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from zipfile import ZipFile

from contract.class_names import class_among, class_names
from contract.data_files import find_files, is_picture_file
from contract.data_layout import DataLayout, arrange
from contract.data_zip import is_picture_member, open_zip, read_member, zip_members
from contract.splits import SPLITS
from local_test.storage.laid_out import link_or_copy


def data_folder(source: Path, arranged: Path) -> Path:
    """The folder with the three splits in `source`, where they lie there as such. Of a zip, and of any other layout, it
    is made once under `arranged`, of hard links where the file system has them.

    Raises ValueError, a sentence, when there is no data set with three splits in `source`, and OSError.
    """
    if source.is_dir():
        return _of_folder(source, arranged)
    if not source.exists():
        raise ValueError(f"DATA={source} does not exist. Name a folder or a zip.")
    with open_zip(source) as archive:
        return _of_zip(archive, source, arranged)


def pictures_of(split: Path) -> list[tuple[Path, str]]:
    """(picture, class name) for every JPEG and PNG of a split, in sorted order. The folder beside it, train, decides on
    the class names. Raises ValueError when there is none.
    """
    classes = set(class_names(_class_folders(split.with_name("train"))).values())
    class_of = {folder: class_among(folder, classes) for folder in _class_folders(split)}
    pictures = [
        (split / name, class_of[folder])
        for name in find_files(split).names
        if (folder := name.partition("/")[0]) in class_of and name.lower().endswith((".jpg", ".jpeg", ".png"))
    ]
    if not pictures:
        raise ValueError(f"There is no JPEG or PNG in the class folders of {split}.")
    return pictures


def _class_folders(split: Path) -> list[str]:
    return sorted({folder for name in find_files(split).names for folder, slash, _ in [name.partition("/")] if slash})


def _of_folder(source: Path, arranged: Path) -> Path:
    found = find_files(source)
    if found.broken:
        first = source / found.broken[0]
        raise ValueError(f"{first} is a link to {first.readlink()}, which is not there. Mend or remove it.")
    layout = arrange(found.names, f"DATA={source}", lambda name: is_picture_file(source / name), found.hidden)
    _check_three(layout, source)
    above = _above(layout.places)
    if above is not None:
        return source / above
    states = ((source / name).stat() for name in layout.places)
    key = _key(layout, *(f"{state.st_size} {state.st_mtime_ns}" for state in states))
    return _made(
        arranged / f"{source.resolve().name}-{key}",
        layout,
        lambda name, target: link_or_copy((source / name).resolve(), target),
    )


def _of_zip(archive: ZipFile, source: Path, arranged: Path) -> Path:
    members = zip_members(archive)
    layout = arrange(members, f"DATA={source}", lambda name: is_picture_member(archive, members[name]))
    _check_three(layout, source)

    def unpack(name: str, target: Path) -> None:
        target.write_bytes(read_member(archive, members[name]))

    state = source.stat()
    key = _key(layout, f"{source.resolve()} {state.st_size} {state.st_mtime_ns}")
    return _made(arranged / f"{source.stem}-{key}", layout, unpack)


def _check_three(layout: DataLayout, source: Path) -> None:
    missing = set(SPLITS) - {place.partition("/")[0] for place in layout.places.values()}
    if missing:
        raise ValueError(
            f"DATA={source} has no {min(missing)}. The demo wants train, valid and test: move a part of the pictures "
            "there, or name a folder of class folders alone, which is split."
        )


def _above(places: Mapping[str, str]) -> str | None:
    """The folder in the source that is laid out as it should be; None when there is none."""
    name, place = next(iter(places.items()))
    above = name.removesuffix(place)
    return above if all(name == above + place for name, place in places.items()) else None


def _key(layout: DataLayout, *state: str) -> str:
    """12 hex digits that change with the layout, and with what it is made of."""
    content = "\0".join((*(f"{name}\0{place}" for name, place in layout.places.items()), *state))
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12]


def _made(folder: Path, layout: DataLayout, bring: Callable[[str, Path], None]) -> Path:
    """Make `folder` hold the data set, unless it does. bring: puts the file of a name in a place."""
    for note in layout.notes:
        print(f"note: {note}")
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name, place in layout.places.items():
        target = unfinished / place
        target.parent.mkdir(parents=True, exist_ok=True)
        bring(name, target)
    unfinished.rename(folder)
    return folder
