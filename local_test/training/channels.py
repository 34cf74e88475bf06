"""Input channels: which files of the local S3, or of this machine, a host finds under /opt/ml/input/data.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_test.api.errors import ValidationException
from local_test.storage.file_names import check_name
from local_test.storage.laid_out import FOLDER_MODE, link_or_copy, make_folders
from local_test.storage.local_files import LocalFiles, is_local
from local_test.storage.manifest import read_manifest
from local_test.storage.object_store import ObjectStore, split_uri


@dataclass(frozen=True)
class InputFile:
    """name: path below the channel's folder, with `/`. path: the file on this machine."""

    name: str
    path: Path


def check(channel: dict[str, Any], objects: ObjectStore, files: LocalFiles) -> None:
    """Raise ValidationException for a channel that has no files. A folder of this machine may have millions: one will
    do.
    """
    if channel["ChannelName"] in (".", ".."):
        raise ValidationException(
            f"InputDataConfig names a channel {channel['ChannelName']!r}: its folder cannot have that name."
        )
    try:
        folder = whole_folder(channel, files)
        if folder is None or not files.has_files(folder):
            channel_files(channel, objects, files)
    except ValueError as error:
        raise ValidationException(str(error)) from error


def channel_files(channel: dict[str, Any], objects: ObjectStore, files: LocalFiles) -> list[InputFile]:
    """Every file of a channel, as `source_files`. Raises ValueError, with the channel's name."""
    try:
        return source_files(channel["DataSource"]["S3DataSource"], objects, files)
    except ValueError as error:
        raise ValueError(f"Channel {channel['ChannelName']}: {error}") from error


def source_files(source: dict[str, Any], objects: ObjectStore, files: LocalFiles) -> list[InputFile]:
    """Every file of an S3DataSource, or of a processing job's S3Input, in the order of their keys. Raises ValueError
    when there is none, as AWS refuses it, or when a key cannot be a file's name."""
    uri = source["S3Uri"]
    if source["S3DataType"] == "ManifestFile":
        found = [InputFile(entry.name, entry.path) for entry in read_manifest(uri, objects, files)]
    elif is_local(uri):
        found = [InputFile(name, path) for name, path in files.files_below(files.folder(uri))]
    else:
        found = _prefix_files(uri, objects)
    for file in found:
        check_name(file.name)
    if not found:
        raise ValueError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Upload the data first, or correct '
            "S3Uri."
        )
    return found


def share_of(files: list[InputFile], source: dict[str, Any], host: int, hosts: int) -> list[InputFile]:
    """The files of host number `host` (from 0) of `hosts`: all, or with ShardedByS3Key every `hosts`-th."""
    if source.get("S3DataDistributionType") == "ShardedByS3Key":
        return files[host::hosts]
    return files


def whole_folder(channel: dict[str, Any], files: LocalFiles) -> Path | None:
    """The folder that can be mounted as it is, without a list of its files: a `file://` one that every host gets whole.

    Raises ValueError when it is no folder, or not one that the service may use.
    """
    source = channel["DataSource"]["S3DataSource"]
    whole = (
        source["S3DataType"] == "S3Prefix"
        and source.get("S3DataDistributionType", "FullyReplicated") == "FullyReplicated"
    )
    return files.folder(source["S3Uri"]) if whole and is_local(source["S3Uri"]) else None


def lay_out(files: list[InputFile], folder: Path) -> None:
    """Make `folder` hold the files under their names, readable by every user of a container: as hard links, as copies
    only across file systems. Raises ValueError for names that cannot be files side by side, and for a file that this
    user cannot read."""
    folder.mkdir(parents=True)
    folder.chmod(FOLDER_MODE)
    made = {folder}
    for file in files:
        check_name(file.name)
        target = folder / file.name
        if target.parent not in made:
            try:
                make_folders(target.parent)
            except (FileExistsError, NotADirectoryError) as error:
                raise ValueError(f"{file.name}: another object has a part of this key as its whole key.") from error
            made.add(target.parent)
        try:
            link_or_copy(file.path, target)
        except FileExistsError as error:
            raise ValueError(f"{file.name}: two objects of the channel end in the same place.") from error


def held(files: list[InputFile], channel: dict[str, Any], folder: Path) -> list[InputFile]:
    """The files of a channel such that they stay while the job runs, whatever becomes of their objects.

    Those of this machine are the user's own, and are not copied.
    """
    if is_local(channel["DataSource"]["S3DataSource"]["S3Uri"]):
        return files
    numbered = [InputFile(str(number), file.path) for number, file in enumerate(files)]
    lay_out(numbered, folder)
    return [InputFile(file.name, folder / link.name) for file, link in zip(files, numbered, strict=True)]


def name_below(prefix: str, key: str) -> str:
    """Where the object `key` of the prefix `prefix` lies below the channel's folder.

    `data/train` + `data/train/a/b.jpg` -> `a/b.jpg`; `data/tr` + `data/train/a.jpg` -> `train/a.jpg`; a prefix that is
    the whole key gives the file's name. Several slashes are one, as in every path.
    """
    if key != prefix and (prefix.endswith("/") or key[len(prefix) :].startswith("/")):
        name = key[len(prefix) :]
    else:
        name = key[prefix.rfind("/") + 1 :]
    return "/".join(part for part in name.split("/") if part)


def _prefix_files(uri: str, objects: ObjectStore) -> list[InputFile]:
    _, prefix = split_uri(uri)
    # A key that ends in a slash is what consoles make for an empty folder.
    return [InputFile(name_below(prefix, one.key), one.path) for one in objects.list(uri) if not one.key.endswith("/")]
