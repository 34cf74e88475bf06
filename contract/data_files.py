"""The files of a data set's folder: links are followed, and what systems and programs hide between pictures is not
read.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from contract.picture_formats import HEAD, is_picture

# Besides names with a dot: macOS, Synology, Windows, ext4.
_HIDDEN = frozenset(
    {
        "__macosx",
        "@eadir",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "thumbs.db",
        "desktop.ini",
    }
)


@dataclass
class FoundFiles:
    """names: of the files below a folder, with `/`, sorted folder by folder.

    hidden: files in hidden folders, by the folder's name. broken: links that lead nowhere. circular: links back to a
    folder that they are in, which are not followed."""

    names: list[str] = field(default_factory=list)
    hidden: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    circular: list[str] = field(default_factory=list)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is no part of a data set: `.ipynb_checkpoints`, `__MACOSX`, `@eaDir`."""
    return name.startswith(".") or name.casefold() in _HIDDEN


def find_files(folder: Path) -> FoundFiles:
    """Every file below `folder`. Raises OSError for a folder that cannot be listed."""
    found = FoundFiles()
    within = tuple(_identity(one) for one in (folder, *folder.resolve().parents))
    _walk(str(folder), "", within, found)
    found.names.sort(key=lambda name: name.split("/"))
    return found


def is_picture_file(path: Path) -> bool:
    """Whether a file is a picture by its name, or where that has no suffix, by its content."""
    return is_picture(path.name, partial(_head, path))


def hidden_note(hidden: Counter[str]) -> list[str]:
    """What is said of files in hidden folders, by the folders' names: a sentence without its subject, or nothing."""
    if not hidden:
        return []
    return [f"{sum(hidden.values()):,} files in hidden folders ({some(sorted(hidden))}), which are not used"]


def some(names: Iterable[str], limit: int = 5) -> str:
    """`a, b, c, d, e and 3 more`."""
    names = list(names)
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def _walk(path: str, above: str, within: tuple[tuple[int, int], ...], found: FoundFiles) -> None:
    """above: the name of `path` below the first folder, with a slash, or "". within: `path`, and what it is in."""
    with os.scandir(path) as entries:
        for entry in entries:
            name = above + entry.name
            if is_hidden(entry.name):
                if entry.is_dir(follow_symlinks=False):
                    found.hidden[entry.name] += sum(len(files) for _, _, files in os.walk(entry.path))
            elif (kind := _kind(entry)) == "folder":
                identity = _identity(entry.path)
                if identity in within:
                    found.circular.append(name)
                else:
                    _walk(entry.path, f"{name}/", (*within, identity), found)
            elif kind == "file":
                found.names.append(name)
            elif kind == "broken":
                found.broken.append(name)


def _kind(entry: os.DirEntry[str]) -> str:
    """folder, file, broken for a link that leads nowhere or in a ring of links, or other: a socket, a pipe."""
    try:
        kind = "folder" if entry.is_dir() else "file" if entry.is_file() else "other"
    except OSError:
        if not entry.is_symlink():
            raise
        return "broken"
    return "broken" if kind == "other" and not os.path.exists(entry.path) else kind


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _identity(path: str | Path) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_dev, state.st_ino
