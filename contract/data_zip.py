"""The files of a data set's zip, whoever made it: the names in it, and why it cannot be read."""

import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from contract.picture_formats import HEAD, is_picture

_FILE_HEADER = b"PK\x03\x04"  # https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip. Raises ValueError, a sentence, when it is none or was cut short, and OSError."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        with path.open("rb") as file:
            begins_as_zip = file.read(len(_FILE_HEADER)) == _FILE_HEADER
        if begins_as_zip:
            raise ValueError(
                f"{path} is a zip that was cut short: its end, with the list of its files, is missing. Copy or "
                "download it again."
            ) from error
        raise ValueError(f"{path} is neither a folder nor a zip. Unpack it, and name the folder.") from error


def zip_members(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The files in a zip by name, with `/` also where a program of Windows wrote backslashes. Of two of a name the
    later one, which is what unpacking leaves.

    Raises ValueError for a link, whose content would be taken for a picture.
    """
    members = [one for one in archive.infolist() if not one.is_dir()]
    backslashes = not any("/" in one.filename for one in archive.infolist())
    found = {}
    for one in members:
        if stat.S_ISLNK(one.external_attr >> 16):
            raise ValueError(
                f"{archive.filename} holds a link, {one.filename}. Make the zip from the files that links lead to "
                "(zip -r without -y), or name the folder."
            )
        name = one.filename.replace("\\", "/") if backslashes else one.filename
        if not name.endswith("/"):
            found[name] = one
    return found


def is_picture_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether a file in a zip is a picture by its name, or where that has no suffix, by its content."""
    return is_picture(member.filename.replace("\\", "/"), lambda: read_member(archive, member)[:HEAD])


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The content of a file in a zip, from any thread. Raises ValueError, a sentence that names it, when it cannot be
    read: broken, encrypted, or packed in a way that Python does not know.
    """
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(
            f"{member.filename} in {archive.filename} cannot be read: {error or 'it ends too early'}. Unpack the zip "
            "by other means, and name the folder."
        ) from error
