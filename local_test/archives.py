"""tar archives between containers, model.tar.gz and folders. Files arrive as the user's own, never as root's."""

import io
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from docker.errors import NotFound
from docker.models.containers import Container

END_OF_ARCHIVE = bytes(1024)

def tree_archive(folders: list[str], files: dict[str, str]) -> bytes:
    """A tar archive of empty folders and of text files by absolute path: what `put_archive("/", ...)` takes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in folders:
            member = tarfile.TarInfo(path.strip("/"))
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for path, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(path.strip("/"))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@contextmanager
def folder_of(container: Container, folder: str) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]]:
    """The files and folders that a container has under `folder`: (member named from there, content of a file).

    Nothing comes when there is no such folder. Raises ValueError for links, which the platform refuses in a model, and
    NotFound when the container itself is gone: that would be no empty folder, but a lost one.
    """
    try:
        stream, _ = container.get_archive(folder)
    except NotFound:
        container.reload()
        yield iter(())
        return
    with spooled_archive(stream) as source, tarfile.open(fileobj=source) as taken:
        yield _members(taken, folder)


def _members(taken: tarfile.TarFile, folder: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    for member in taken:
        # Docker names everything after the folder: model/a/b becomes a/b.
        _, _, member.name = member.name.partition("/")
        if member.issym() or member.islnk():
            raise ValueError(f"{folder}/{member.name} is a link; SageMaker takes files and folders only.")
        if member.name:
            yield member, taken.extractfile(member) if member.isfile() else None


def pack(containers: list[Container], folder: str, archive: Path) -> int:
    """Pack what the containers have under `folder` into one .tar.gz, as the platform packs model.tar.gz of all hosts.

    Weights do not shrink, so nothing is compressed: a model of 100 MB would take three seconds to become 92. Of a file that
    several have, the first container's counts. Returns the number of files. Raises ValueError for links.
    """
    seen: set[str] = set()
    files = 0
    with tarfile.open(archive, "w:gz", compresslevel=0) as packed:
        for container in containers:
            with folder_of(container, folder) as members:
                for member, content in members:
                    if member.name not in seen:
                        seen.add(member.name)
                        packed.addfile(member, content)
                        files += content is not None
    return files


def unpack(archive: Path, folder: Path, called: str) -> None:
    """Unpack a .tar.gz of files and folders into `folder`, as this user's own. called: what the user knows the archive by.

    Raises ValueError, before anything is written, for a member that is something else or would land outside.
    """
    try:
        with tarfile.open(archive) as packed:
            members = packed.getmembers()
            for member in members:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                    raise ValueError(f"{called} has {member.name!r}: only files and folders inside it are taken.")
                # Root would else make them files of whoever packed them.
                member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
            folder.mkdir(parents=True, exist_ok=True)
            # Debian 12's Python 3.11.2 has no extraction filters; the loop above stands in for them.
            packed.extractall(folder, members, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        first, *_ = str(error).splitlines() or [type(error).__name__]
        raise ValueError(f"{called} is not a sound .tar.gz: {first}") from error


def spooled_archive(chunks: Iterable[bytes]) -> IO[bytes]:
    """A tar archive from the engine as a file that can be read from its start; on disk when it is large.

    Raises OSError for one that was cut off. The engine reports what goes wrong on the way only by ending too early, and
    Python takes an archive that ends between two members for a whole one.
    """
    file = tempfile.SpooledTemporaryFile(max_size=64 * 1024 * 1024)
    try:
        for chunk in chunks:
            file.write(chunk)
        size = file.tell()
        file.seek(max(0, size - len(END_OF_ARCHIVE)))
        if file.read() != END_OF_ARCHIVE:
            raise OSError(f"What the engine read from a container was cut off after {size} bytes.")
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
