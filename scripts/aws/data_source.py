"""The files of a data set on this machine: a folder, or a zip that is read where it is."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from contract.data_files import find_files, is_picture_file, some
from contract.data_layout import DataLayout, arrange
from contract.data_zip import is_picture_member, open_zip, read_member, zip_members
from scripts.console.failure import Failure
from scripts.console.make import make


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
    """The files under train, valid and test, laid out as `contract.data_layout` says; its notes go to stderr.

    Raises Failure when `source` is neither a folder nor a zip, when train or valid is missing, and when a file of it
    cannot be had.
    """
    with ExitStack() as opened:
        try:
            if source.is_dir():
                files, layout = _in_folder(source)
            elif source.exists():
                files, layout = _in_zip(opened.enter_context(open_zip(source)), source)
            else:
                raise Failure(f"{source} is not there. Name the data set: {make('upload')} DATA=path")
        except ValueError as error:
            raise Failure(str(error)) from error
        for note in layout.notes:
            print(f"note: {note}", file=sys.stderr)
        yield files


def _in_folder(source: Path) -> tuple[list[DataFile], DataLayout]:
    found = find_files(source)
    if found.broken:
        first = source / found.broken[0]
        raise ValueError(
            f"{first} is a link to {first.readlink()}, which is not there. Mend or remove it: {len(found.broken)} such "
            f"links are in {source}."
        )
    if found.circular:
        print(
            f"note: {source}: links back to a folder that they are in are not followed ({some(found.circular)})",
            file=sys.stderr,
        )
    layout = arrange(found.names, str(source), lambda name: is_picture_file(source / name), found.hidden)
    paths = {name: source / name for name in layout.places}
    return [
        DataFile(_checked(layout.places[name], source), path.stat().st_size, path.read_bytes)
        for name, path in paths.items()
    ], layout


def _in_zip(archive: ZipFile, source: Path) -> tuple[list[DataFile], DataLayout]:
    members: Mapping[str, ZipInfo] = zip_members(archive)
    layout = arrange(members, str(source), lambda name: is_picture_member(archive, members[name]))
    return [
        DataFile(_checked(place, source), members[name].file_size, partial(_read, archive, members[name]))
        for name, place in layout.places.items()
    ], layout


def _read(archive: ZipFile, member: ZipInfo) -> bytes:
    try:
        return read_member(archive, member)
    except ValueError as error:
        raise Failure(str(error)) from error


def _checked(name: str, source: Path) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in name):  # how Python stands in for bytes that are not UTF-8
        raise ValueError(f"The name {name!a} in {source} is not UTF-8, as names in S3 must be. Rename the file.")
    return name
