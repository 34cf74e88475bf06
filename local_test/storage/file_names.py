"""Names that came with data or out of a container, as paths below a folder: which are taken, and which are refused.

A name is text, never a URI: nothing in it is unquoted, so `..%2fa`, `a#1` and `a?b` are names of files like any other.
"""

import os
from collections.abc import Iterable
from pathlib import Path

LONGEST_PART = 255  # bytes, on nearly every file system


def check_name(name: str) -> None:
    """Raise ValueError unless `name` is a relative path of a file, with `/` between its parts."""
    if why := _problem(name):
        raise ValueError(f"{name!r} cannot be the name of a file in a folder: {why}.")


def check_side_by_side(names: Iterable[str]) -> None:
    """Raise ValueError for names that cannot all be files of one folder: one that comes twice, or `a` beside `a/b`."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        if name in files:
            raise ValueError(f"{name!r} comes twice, and there can be only one file of that name.")
        files.add(name)
        parent = name.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    for name in sorted(files & folders):
        raise ValueError(f"{name!r} is a file, and another name has it as its folder.")


def path_below(folder: Path, name: str) -> Path:
    """The path of `name` in `folder`, its folders resolved. Raises ValueError where a link on the way leads out of
    `folder`.
    """
    check_name(name)
    target = folder / name
    root, parent = resolved(folder), resolved(target.parent)
    if not parent.is_relative_to(root):
        raise ValueError(f"{name!r} would lie outside {folder}: a folder on the way is a link to {parent}.")
    return parent / target.name


def resolved(path: Path) -> Path:
    """Path.resolve, with a ValueError for links that lead in a circle."""
    try:
        return path.resolve()
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{path} cannot be resolved: {error}") from error


def _problem(name: str) -> str | None:
    if "\0" in name:
        return "it has a NUL character"
    if name.startswith("/"):
        return "it begins with a slash, and only relative names are taken"
    for part in name.split("/"):
        if part == "":
            return "a part of it is empty"
        if part in (".", ".."):
            return f"it has the part {part!r}"
        try:
            size = len(os.fsencode(part))
        except UnicodeEncodeError:
            return "it has characters that no file name can have"
        if size > LONGEST_PART:
            return f"a part of it has {size} bytes, and {LONGEST_PART} is the most"
    return None
