"""model.tar.gz unpacked into a folder. An archive is data that somebody made: what it may cost and where it may write
is bounded.
"""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, cast

from local_test.storage.file_names import check_name, check_side_by_side
from local_test.storage.laid_out import FILE_MODE, FOLDER_MODE, make_folders

TIMES_LARGER, SPARE_BYTES = (
    100,
    256 * 1024 * 1024,
)  # an archive may unpack to this many times its own size, and this much more
MOST_MEMBERS = 100_000
DEEPEST = 100  # folders
LONGEST_HEADERS = 64 * 1024 * 1024  # bytes, of all members together
LONGEST_READ = 1024 * 1024  # bytes at a time: only a member's long name or attributes would be read as one piece


class RefusedArchive(ValueError):
    """The archive is refused for what it has in it; the message names it."""


def unpack(archive: Path, folder: Path, called: str) -> None:
    """Unpack a .tar.gz of files and folders into `folder`, as this user's own, readable by all.

    Everything is checked while the headers are read, before anything is written; an archive that is too large is not
    read on.

    Args:
        archive: the file.
        folder: made here.
        called: what the user knows the archive by, for messages.

    Raises:
        ValueError: it is no .tar.gz, or is too large, or a member is something else than a file or a folder, would be
        outside of
            `folder`, or would be in the place of another.
        OSError: it cannot be written.
    """
    most = TIMES_LARGER * archive.stat().st_size + SPARE_BYTES
    try:
        with (
            gzip.open(archive) as unzipped,
            tarfile.open(fileobj=cast(IO[bytes], _Bounded(unzipped, most, called)), mode="r:") as packed,
        ):
            members = _checked_members(packed, most, called)
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(FOLDER_MODE)
            for name, member in members.items():
                _write(packed, member, folder / name)
    except RefusedArchive:
        raise
    # ValueError and OverflowError: numbers in headers that are none, or too large.
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, OverflowError) as error:
        first, *_ = str(error).splitlines() or [type(error).__name__]
        raise ValueError(f"{called} is not a sound .tar.gz: {first}") from error


def _checked_members(packed: tarfile.TarFile, most: int, called: str) -> dict[str, tarfile.TarInfo]:
    """The members by their names below the folder. `./a` is `a`, as every tar reads it."""
    members: dict[str, tarfile.TarInfo] = {}
    size = 0
    for number, member in enumerate(packed):
        if member.size < 0:
            raise tarfile.ReadError("a member of negative size")
        size += member.size
        if size > most:
            raise _too_large(called, most)
        if packed.fileobj.tell() - size > LONGEST_HEADERS:  # they are kept in memory, the files are not
            raise RefusedArchive(f"{called} has more than {LONGEST_HEADERS // 1024**2} MB of headers.")
        if number >= MOST_MEMBERS:
            raise RefusedArchive(f"{called} has more than {MOST_MEMBERS} members.")
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise RefusedArchive(f"{called} has {member.name!r}: only files and folders inside it are taken.")
        if len(path.parts) > DEEPEST:
            raise RefusedArchive(f"{called} has {member.name[:100]!r}...: its folders may be {DEEPEST} deep.")
        name = str(path)
        if name == "." or (member.isdir() and name in members and members[name].isdir()):
            continue  # tar may say a folder twice
        try:
            check_name(name)
        except ValueError as error:
            raise RefusedArchive(f"{called}: {error}") from error
        if name in members:
            raise RefusedArchive(f"{called} has {name!r} twice, and there can be only one file of that name.")
        members[name] = member
    try:
        # A folder is there by having something in it.
        check_side_by_side(name if member.isfile() else f"{name}/." for name, member in members.items())
    except ValueError as error:
        raise RefusedArchive(f"{called}: {error}") from error
    return members


def _write(packed: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.isdir():
        make_folders(target)
        return
    make_folders(target.parent)
    content = packed.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{member.name!r} has no content")
    with content, target.open("xb") as file:
        shutil.copyfileobj(content, file, LONGEST_READ)
    target.chmod(FILE_MODE | member.mode & 0o111)


class _Bounded:
    """The unzipped stream, up to `most` bytes: tarfile takes sizes from headers, and headers may say anything."""

    def __init__(self, unzipped: gzip.GzipFile, most: int, called: str):
        self._unzipped, self._most, self._called = unzipped, most, called
        self.tell = unzipped.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= LONGEST_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._unzipped.read(size)

    def seek(self, position: int) -> int:
        if position > self._most:
            raise _too_large(self._called, self._most)
        if position < 0:
            raise tarfile.ReadError("a member of negative size")
        return self._unzipped.seek(position)


def _too_large(called: str, most: int) -> RefusedArchive:
    return RefusedArchive(
        f"{called} unpacks to more than {most // 1024**2} MB: {TIMES_LARGER} times its own size and "
        f"{SPARE_BYTES // 1024**2} MB "
        "are the most."
    )
