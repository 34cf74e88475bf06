"""What an object's bytes are while they travel: a stretch of a file, never a copy in memory."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class Finished:
    """A complete file that nothing else uses: it may become the object by a rename."""

    path: Path


@dataclass(frozen=True)
class ReceivedBody:
    """What a request brought, in a file without a name that goes when it is closed. size: in bytes."""

    file: IO[bytes]
    size: int

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            yield chunk


class ObjectBody:
    """Some bytes of a file, read when they are asked for.

    Moto treats a body as bytes: it takes its length, cuts a range out of it and hands it to Flask, which iterates. All
    three work here without reading more than a chunk. The file is opened at once, so the bytes stay the same ones when
    the object is overwritten or deleted while they are sent.
    """

    def __init__(self, path: Path):
        self._file = _OpenFile(path)
        self.path = path
        self.start = 0
        self.stop = self.size = os.fstat(self._file.descriptor).st_size

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, stretch: slice) -> "ObjectBody":
        start, stop, _ = stretch.indices(len(self))
        part = object.__new__(ObjectBody)
        part._file, part.path, part.size = self._file, self.path, self.size
        part.start, part.stop = self.start + start, self.start + max(start, stop)
        return part

    def __iter__(self) -> Iterator[bytes]:
        at = self.start
        while at < self.stop:
            chunk = os.pread(self._file.descriptor, min(CHUNK, self.stop - at), at)
            if not chunk:
                raise OSError(f"{self.path} ends at byte {at}, before byte {self.stop}: something outside has cut it.")
            at += len(chunk)
            yield chunk

    @property
    def is_whole_file(self) -> bool:
        return self.start == 0 and self.stop == self.size


class _OpenFile:
    """A file descriptor that is closed when nothing refers to it any more."""

    def __init__(self, path: Path):
        self.descriptor = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


def store(value: bytes | str | ObjectBody | ReceivedBody | Finished, path: Path) -> tuple[int, str]:
    """Make `value` the file at `path`, a name that is not taken. Returns its size in bytes and its MD5 in hexadecimal.

    A finished file is renamed and a whole file is hard-linked where the file system can; both stay copies of nothing.
    Object files are never written to again, which is what makes links safe. Every user can read them, since containers
    get links to them and may run as another user; the folders above them keep them from other users of this machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = _stored(value, path)
    path.chmod(0o644)
    return measured


def _stored(value: bytes | str | ObjectBody | ReceivedBody | Finished, path: Path) -> tuple[int, str]:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        path.write_bytes(value)
        return len(value), hashlib.md5(value, usedforsecurity=False).hexdigest()
    if isinstance(value, Finished):
        try:
            os.rename(value.path, path)
            return _measure(ObjectBody(path))
        except OSError:  # another file system
            measured = _copy(ObjectBody(value.path), path)
            os.unlink(value.path)
            return measured
    if isinstance(value, ObjectBody) and value.is_whole_file:
        try:
            os.link(value.path, path)
            return _measure(value)
        except OSError:  # a file system without links, or the object has gone meanwhile
            pass
    return _copy(value, path)


def _measure(body: ObjectBody) -> tuple[int, str]:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in body:
        digest.update(chunk)
    return len(body), digest.hexdigest()


def _copy(body: ObjectBody | ReceivedBody, path: Path) -> tuple[int, str]:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("wb") as file:
        for chunk in body:
            digest.update(chunk)
            file.write(chunk)
    return len(body), digest.hexdigest()
