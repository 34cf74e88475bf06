"""`file:///` URIs of requests: the one place that parses them, and that says which files of this machine they may
reach.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from local_test.storage.file_names import path_below, resolved

SCHEME = "file://"


class LocalFiles:
    """The folders that a service was started for. Links are resolved before anything is compared.

    Args:
        allowed: folders below which file:// reads and writes. withheld: the service's own state folder, which holds its
        keys: never readable or writable, even inside an allowed folder.
    """

    def __init__(self, allowed: Iterable[Path], withheld: Path):
        self._allowed = tuple(folder.resolve() for folder in allowed)
        self._withheld = withheld.resolve()

    def check(self, uri: str) -> None:
        """Raise ValueError for a file:// URI that may not be used; a URI of any other scheme passes."""
        if is_local(uri):
            self.path(uri)

    def path(self, uri: str) -> Path:
        """Where a file:/// URI leads, resolved; nothing need be there. Raises ValueError when it may not be used."""
        return self._checked(parse(uri), uri)

    def path_below(self, uri: str, name: str) -> Path:
        """Where a file called `name` goes in the folder of a URI. Raises ValueError when it would lie anywhere else.

        A link in its place is not followed: a write replaces it.
        """
        target = path_below(self.path(uri), name)
        self._check_not_withheld(target, str(target))
        return target

    def folder(self, uri: str) -> Path:
        """A folder that is read as a whole. Raises ValueError when it is none, or may not be used."""
        folder = self.path(uri)
        if self._withheld.is_relative_to(folder):
            raise ValueError(
                f"{uri} holds the local SageMaker's own folder {self._withheld}. Name a folder that does not."
            )
        if not os.path.isdir(folder):
            raise ValueError(f"{uri} is not a folder on this machine.")
        check_readable(folder, is_folder=True)
        return folder

    def file(self, path: Path) -> Path:
        """A file that this user can read, resolved. Raises ValueError for anything else, by the name of `path`."""
        found = self._checked(path, str(path))
        if not os.path.isfile(found):
            raise ValueError(f"There is no file {path}.")
        check_readable(found)
        return found

    def has_files(self, folder: Path) -> bool:
        """Whether there is any file in what `folder` returned, or below it."""
        return any(os.path.isfile(entry.path) for entry in _entries(folder))

    def files_below(self, folder: Path) -> list[tuple[str, Path]]:
        """(name with `/`, resolved file) of every file in what `folder` returned, sorted by name, as S3 lists keys.

        A link to a file is that file; a link to a folder is not followed. Raises ValueError, with the name, for a link
        that leads where file:// may not, and for what this user cannot read."""
        found = []
        above = len(os.path.join(folder, ""))
        for entry in _entries(folder):
            path = Path(entry.path)
            if entry.is_symlink():
                path = self._checked(path, entry.path)
                if not os.path.isfile(path):
                    continue
            elif entry.is_dir():
                continue
            check_readable(path)
            found.append((entry.path[above:], path))
        return sorted(found)

    def check_mountable(self, folder: Path) -> list[str]:
        """Raise ValueError for a file in `folder` that this user cannot read: root, in a container, could.

        Links stay links there, and lead into the container's own files. Returns those, by name, that lead out of
        `folder`, which is all that the container has of this machine.
        """
        is_root, out = os.geteuid() == 0, []
        for entry in _entries(folder):  # which raises for what is neither a file nor a folder
            if entry.is_symlink():
                target = os.path.normpath(os.path.join(os.path.dirname(entry.path), os.readlink(entry.path)))
                if os.path.isabs(os.readlink(entry.path)) or not Path(target).is_relative_to(folder):
                    out.append(os.path.relpath(entry.path, folder))
            elif not is_root:
                check_readable(entry.path, is_folder=entry.is_dir())
        return sorted(out)

    def _checked(self, path: Path, called: str) -> Path:
        found = resolved(path)
        leads = f"{called} leads to {found}, which" if str(found) != str(path) else called
        self._check_not_withheld(found, leads)
        if not any(found.is_relative_to(folder) for folder in self._allowed):
            folders = ", ".join(map(str, self._allowed))
            raise ValueError(
                f"{leads} is outside the folders that the local SageMaker was started for ({folders}). "
                f"Start it with --allow-files {found.parent if os.path.isfile(found) else found}."
            )
        return found

    def _check_not_withheld(self, path: Path, called: str) -> None:
        if path.is_relative_to(self._withheld) or any(self._is_withheld(one) for one in (path, *path.parents)):
            raise ValueError(
                f"{called} is in the local SageMaker's own folder {self._withheld}, which no request may use."
            )

    def _is_withheld(self, path: Path) -> bool:
        """By what the disk says: on some, names of other letters are the same."""
        try:
            return path.samefile(self._withheld)
        except OSError:
            return False


def is_local(uri: str) -> bool:
    return uri.startswith(SCHEME)


def parse(uri: str) -> Path:
    """`file:///a%20b#1` -> /a b#1: percent-decoded once, and nothing is cut off. Raises ValueError for any other
    URI.
    """
    path = uri.removeprefix(SCHEME)
    if not is_local(uri) or not path.startswith("/"):
        raise ValueError(f"{uri!r} is no file URI: it should look like file:///some/folder.")
    try:
        decoded = unquote_to_bytes(path)
    except UnicodeEncodeError as error:
        raise ValueError(f"{uri!r} has characters that no path can have.") from error
    if b"\0" in decoded:
        raise ValueError(f"{uri!r} has a NUL character, which no path can have.")
    return Path(os.fsdecode(decoded))


def check_readable(path: Path | str, is_folder: bool = False) -> None:
    """Raise ValueError when this process's user cannot read the file, or list the folder."""
    if not os.access(path, os.R_OK | os.X_OK if is_folder else os.R_OK):
        raise ValueError(
            f"{path} cannot be read by the user of the local SageMaker. Change its permissions, or leave it out."
        )


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder; links are not followed. Raises ValueError for sockets, pipes and devices.

    A container could speak to a socket that it finds in a folder, read-only as that may be.
    """
    waiting = [str(folder)]
    while waiting:
        at = waiting.pop()
        try:
            with os.scandir(at) as entries:
                for entry in entries:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if not (is_folder or entry.is_symlink() or entry.is_file(follow_symlinks=False)):
                        raise ValueError(f"{entry.path} is neither a file nor a folder. Leave it out.")
                    yield entry
                    if is_folder:
                        waiting.append(entry.path)
        except PermissionError as error:
            raise ValueError(
                f"{at} cannot be read by the user of the local SageMaker. Change its permissions, or leave it out."
            ) from error
