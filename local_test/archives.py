"""tar archives between containers, model.tar.gz and folders. Files arrive as the user's own, never as root's."""

import io
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from docker.errors import NotFound
from docker.models.containers import Container


def files_archive(files: dict[str, str]) -> bytes:
    """A tar archive of text files, by path: what `put_archive` takes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def collect(container: Container, folder: str, archive: Path) -> bool:
    """Pack what a container has under `folder` into `archive` (.tar.gz), as the platform packs model.tar.gz.

    Returns False, and writes nothing, when the container has no such folder. Raises ValueError for symbolic links,
    which the platform refuses in a model.
    """
    try:
        stream, _ = container.get_archive(folder)
    except NotFound:
        return False
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f".{archive.name}.unfinished")
    with _spooled(stream) as source, tarfile.open(fileobj=source) as taken, tarfile.open(unfinished, "w:gz", compresslevel=1) as packed:
        for member in taken:
            # Docker names everything after the folder: model/a/b becomes a/b.
            _, _, member.name = member.name.partition("/")
            if member.issym() or member.islnk():
                raise ValueError(f"{folder}/{member.name} is a link; SageMaker takes files and folders only.")
            if member.name:
                packed.addfile(member, taken.extractfile(member) if member.isfile() else None)
    unfinished.rename(archive)
    return True


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .tar.gz of files and folders into `folder`.

    Raises ValueError, before anything is written, for a member that is something else or would land outside.
    """
    with _readable(archive), tarfile.open(archive) as packed:
        for member in packed:
            path = PurePosixPath(member.name)
            if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
                raise ValueError(f"{archive.name} has {member.name!r}: only files and folders inside it are taken.")
        folder.mkdir(parents=True, exist_ok=True)
        # Debian 12's Python 3.11.2 has no extraction filters; the check above stands in for them.
        packed.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def read_member(archive: Path, name: str) -> bytes:
    """One file of an archive. Raises ValueError when it is not there."""
    with _readable(archive), tarfile.open(archive) as packed:
        if name not in packed.getnames():
            raise ValueError(f"There is no {name} in {archive}.")
        return packed.extractfile(name).read()


@contextmanager
def _readable(archive: Path):
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{archive} is not a sound .tar.gz: {error}") from error


def _spooled(chunks: Iterable[bytes]):
    file = tempfile.SpooledTemporaryFile(max_size=64 * 1024 * 1024)
    for chunk in chunks:
        file.write(chunk)
    file.seek(0)
    return file
