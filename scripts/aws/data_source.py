"""The files of a data set on this machine: a folder, or a zip that is read where it is."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contract.splits import SPLITS
from scripts.console.failure import Failure
from scripts.console.make_prefix import make


@dataclass(frozen=True)
class DataFile:
    """name: `train/001.Beagle/a.jpg`. size in bytes. read: its content, from any thread."""

    name: str
    size: int
    read: Callable[[], bytes]


def md5(content: bytes) -> str:
    """S3's ETag of an object that was put in one part and is not encrypted with a key of KMS."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@contextmanager
def data_files(source: Path) -> Iterator[list[DataFile]]:
    """The files under train, valid and test, which lie in `source` or in one folder of it; hidden ones are left out.

    Raises Failure when `source` is neither a folder nor a zip, or when train or valid is missing.
    """
    if source.is_dir():
        yield _in_splits(
            [
                DataFile(path.relative_to(source).as_posix(), path.stat().st_size, path.read_bytes)
                for path in sorted(source.rglob("*"))
                if path.is_file()
            ],
            source,
        )
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            yield _in_splits(
                [
                    DataFile(one.filename, one.file_size, partial(_member, archive, one))
                    for one in archive.infolist()
                    if not one.is_dir()
                ],
                source,
            )
    elif not source.exists():
        raise Failure(f"{source} is not there. Name the data set: {make('upload')} DATA=path")
    else:
        raise Failure(f"{source} is neither a folder nor a zip. Name the data set: {make('upload')} DATA=path")


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(one)
    except (
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:  # broken, encrypted, an odd compression
        raise Failure(
            f"{one.filename} in {archive.filename} cannot be read: {error}. Unpack it by other means and name the "
            "folder."
        ) from error


def _in_splits(files: list[DataFile], source: Path) -> list[DataFile]:
    """Those of `files` that lie in a split, by their name from the split's on."""
    named = [(file, file.name.split("/")) for file in files]
    seen = [(file, parts) for file, parts in named if not any(part.startswith((".", "__MACOSX")) for part in parts)]
    depth = 0 if any(len(parts) > 1 and parts[0] in SPLITS for _, parts in seen) else 1
    seen = [(file, parts) for file, parts in seen if len(parts) > depth + 1 and parts[depth] in SPLITS]
    parents = sorted({parts[0] for _, parts in seen}) if depth else []
    if len(parents) > 1:
        raise Failure(f"{source} holds several data sets: {', '.join(parents)}. Name one of them.")
    found = [DataFile("/".join(parts[depth:]), file.size, file.read) for file, parts in seen]
    for file in found:
        if any(
            "\ud800" <= letter <= "\udfff" for letter in file.name
        ):  # how Python stands in for bytes that are not UTF-8
            raise Failure(f"The name {file.name!a} in {source} is not UTF-8, as names in S3 must be. Rename the file.")
    for split in SPLITS[:2]:
        if not any(file.name.startswith(f"{split}/") for file in found):
            raise Failure(
                f"{source} has no files under {split}/. A data set has the folders train and valid, and perhaps test, "
                "with a folder of pictures for each class."
            )
    return found
