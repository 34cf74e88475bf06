"""tar archives from and for containers. What comes out of a container is data: its names are checked."""

import io
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from docker.errors import NotFound
from docker.models.containers import Container

from local_test.storage.file_names import check_name

END_OF_ARCHIVE = bytes(1024)
PIECE = 1024 * 1024


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


def folder_archive(folder: Path, target: str) -> Iterator[bytes]:
    """A tar archive of what is in `folder`, its files of root's and readable by all, for `put_archive("/", ...)`: in
    pieces, so that no more than one is in memory.

    target: absolute path in the container. Raises OSError."""
    yield _member(target, tarfile.DIRTYPE, 0)
    for path in sorted(folder.rglob("*")):
        name = f"{target}/{path.relative_to(folder)}"
        if path.is_dir():
            yield _member(name, tarfile.DIRTYPE, 0)
            continue
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield _member(name, tarfile.REGTYPE, size)
            while piece := file.read(PIECE):
                yield piece
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield END_OF_ARCHIVE


def _member(path: str, kind: bytes, size: int) -> bytes:
    member = tarfile.TarInfo(path.strip("/"))
    member.type, member.size, member.mode = kind, size, 0o755 if kind == tarfile.DIRTYPE else 0o644
    return member.tobuf()


@contextmanager
def folder_of(container: Container, folder: str) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]]:
    """The files and folders that a container has under `folder`: (member named from there, content of a file).

    Nothing comes when there is no such folder. Raises ValueError for links and special files, which the platform
    refuses in a model, and for a name that is no path below `folder`; NotFound when the container itself is gone: that
    would be no empty folder, but a lost one."""
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
        if not (member.isfile() or member.isdir()):
            raise ValueError(f"{folder}/{member.name} is neither a file nor a folder; SageMaker takes those only.")
        if member.name:
            check_name(member.name)
            yield member, taken.extractfile(member) if member.isfile() else None


def pack(containers: list[Container], folder: str, archive: Path) -> int:
    """Pack what the containers have under `folder` into one .tar.gz, as the platform packs model.tar.gz of all hosts.

    Weights do not shrink, so nothing is compressed: a model of 100 MB would take three seconds to become 92. Of a file
    that several have, the first container's counts. Returns the number of files. Raises ValueError as `folder_of`, and
    when one container has a file where another has a folder."""
    seen: dict[str, bool] = {}  # name -> whether it is a file
    with tarfile.open(archive, "w:gz", compresslevel=0) as packed:
        for container in containers:
            with folder_of(container, folder) as members:
                for member, content in members:
                    if member.name not in seen:
                        packed.addfile(member, content)
                    elif seen[member.name] != member.isfile():
                        raise ValueError(f"{folder}/{member.name} is a file on one host and a folder on another.")
                    seen.setdefault(member.name, member.isfile())
    return sum(seen.values())


def spooled_archive(chunks: Iterable[bytes]) -> IO[bytes]:
    """A tar archive from the engine as a file that can be read from its start; on disk when it is large.

    Raises OSError for one that was cut off. The engine reports what goes wrong on the way only by ending too early, and
    Python takes an archive that ends between two members for a whole one.
    """
    file = tempfile.SpooledTemporaryFile(max_size=64 * 1024 * 1024)  # noqa: SIM115 (the caller closes it)
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
