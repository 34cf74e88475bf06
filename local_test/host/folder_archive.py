"""A folder of this machine as a tar archive, block by block: for a container, without a second copy on the disk."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from local_test.storage.laid_out import FILE_MODE, FOLDER_MODE

BLOCK = 1024 * 1024  # bytes


def folder_archive(folder: Path) -> Iterator[bytes]:
    """What is in `folder`, named from there, as `put_archive` takes it: files and folders, owned by root and readable
    by every user. Raises OSError, and for a file that becomes shorter meanwhile."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in folders:
            path = Path(parent, name)
            member = _member(path, folder)
            member.type, member.mode, member.size = tarfile.DIRTYPE, FOLDER_MODE, 0
            yield _head(member)
        for name in sorted(files):
            path = Path(parent, name)
            yield from _file(path, _member(path, folder))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(path: Path, folder: Path) -> tarfile.TarInfo:
    member, state = tarfile.TarInfo(path.relative_to(folder).as_posix()), path.stat()
    member.size, member.mtime, member.mode = state.st_size, int(state.st_mtime), FILE_MODE
    return member


def _head(member: tarfile.TarInfo) -> bytes:
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _file(path: Path, member: tarfile.TarInfo) -> Iterator[bytes]:
    yield _head(member)
    left = member.size
    with path.open("rb") as file:
        while left:
            block = file.read(min(left, BLOCK))
            if not block:
                raise OSError(f"{path} became shorter while it was read.")
            left -= len(block)
            yield block
    yield bytes(-member.size % tarfile.BLOCKSIZE)
