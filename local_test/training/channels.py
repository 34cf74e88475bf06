"""Input channels: which files of the local S3, or of this machine, a host finds under /opt/ml/input/data.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from local_test.api.errors import ValidationException
from local_test.storage.object_store import ObjectStore, StorageError


@dataclass(frozen=True)
class InputFile:
    """name: path below the channel's folder, with `/`. path: the file on this machine."""

    name: str
    path: Path


def local_path(uri: str) -> Path | None:
    """`file:///a/b` -> /a/b; None for any other scheme."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def check(channel: dict, objects: ObjectStore) -> None:
    """Raise ValidationException for a channel that has no files. A folder of this machine may have millions: one will do."""
    folder = whole_folder(channel)
    if folder is None or not any(path.is_file() for path in folder.rglob("*")):
        channel_files(channel, objects)


def channel_files(channel: dict, objects: ObjectStore) -> list[InputFile]:
    """Every file of a channel, in the order of their keys. Raises ValidationException when there is none, as AWS does."""
    source = channel["DataSource"]["S3DataSource"]
    uri = source["S3Uri"]
    try:
        if source["S3DataType"] == "ManifestFile":
            files = _manifest_files(uri, objects)
        elif folder := local_path(uri):
            files = _folder_files(folder, uri)
        else:
            files = _prefix_files(uri, objects)
    except StorageError as error:
        raise ValidationException(f"Channel {channel['ChannelName']}: {error}") from error
    if not files:
        raise ValidationException(
            f'No S3 objects found under S3 URL "{uri}" given in input data source (channel {channel["ChannelName"]}). '
            "Upload the data first, or correct S3Uri."
        )
    for file in files:
        parts = PurePosixPath(file.name).parts
        if ".." in parts or not parts:
            raise ValidationException(f"Channel {channel['ChannelName']}: the key of {file.name!r} leads out of the channel's folder.")
    return files


def share_of(files: list[InputFile], channel: dict, host: int, hosts: int) -> list[InputFile]:
    """The files of host number `host` (from 0) of `hosts`: all, or with ShardedByS3Key every `hosts`-th."""
    if channel["DataSource"]["S3DataSource"].get("S3DataDistributionType") == "ShardedByS3Key":
        return files[host::hosts]
    return files


def whole_folder(channel: dict) -> Path | None:
    """The folder that can be mounted as it is, without looking at its files: a `file://` one that every host gets whole."""
    source = channel["DataSource"]["S3DataSource"]
    if source["S3DataType"] == "S3Prefix" and source.get("S3DataDistributionType", "FullyReplicated") == "FullyReplicated":
        return local_path(source["S3Uri"])
    return None


def lay_out(files: list[InputFile], folder: Path) -> None:
    """Make `folder` hold the files under their names: as hard links, as copies only across file systems."""
    folder.mkdir(parents=True)
    made = {folder}
    for file in files:
        target = folder / file.name
        if target.parent not in made:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError) as error:
                raise ValueError(f"{file.name}: another object has a part of this key as its whole key.") from error
            made.add(target.parent)
        try:
            os.link(file.path, target)
        except FileExistsError as error:
            raise ValueError(f"{file.name}: two objects of the channel end in the same place.") from error
        except OSError:
            shutil.copyfile(file.path, target)


def held(files: list[InputFile], channel: dict, folder: Path) -> list[InputFile]:
    """The files of a channel such that they stay while the job runs, whatever becomes of their objects.

    Those of this machine are the user's own, and are not copied.
    """
    if local_path(channel["DataSource"]["S3DataSource"]["S3Uri"]):
        return files
    numbered = [InputFile(str(number), file.path) for number, file in enumerate(files)]
    lay_out(numbered, folder)
    return [InputFile(file.name, folder / link.name) for file, link in zip(files, numbered)]


def name_below(prefix: str, key: str) -> str:
    """Where the object `key` of the prefix `prefix` lies below the channel's folder.

    `data/train` + `data/train/a/b.jpg` -> `a/b.jpg`; `data/tr` + `data/train/a.jpg` -> `train/a.jpg`; a prefix that is
    the whole key gives the file's name.
    """
    if key != prefix and (prefix.endswith("/") or key[len(prefix):].startswith("/")):
        return key[len(prefix):].lstrip("/")
    return key[prefix.rfind("/") + 1:]


def _prefix_files(uri: str, objects: ObjectStore) -> list[InputFile]:
    prefix = urlsplit(uri).path.removeprefix("/")
    # A key that ends in a slash is what consoles make for an empty folder.
    return [InputFile(name_below(prefix, one.key), one.path) for one in objects.list(uri) if not one.key.endswith("/")]


def _folder_files(folder: Path, uri: str) -> list[InputFile]:
    if not folder.is_dir():
        raise ValidationException(f"{uri} is not a folder on this machine.")
    return [
        InputFile(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()
    ]


def _manifest_files(uri: str, objects: ObjectStore) -> list[InputFile]:
    """A manifest: `[{"prefix": "s3://bucket/some/"}, "a.jpg", "b/c.jpg"]`."""
    manifest = local_path(uri) or objects.get(uri).path
    try:
        head, *names = json.loads(manifest.read_text())
        prefix = head["prefix"]
        if not all(isinstance(name, str) for name in names):
            raise TypeError("every element after the first must be a string")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValidationException(f'{uri} is not a manifest, [{{"prefix": "s3://..."}}, "key", ...]: {error}') from error
    folder = local_path(prefix)
    if folder:
        return [InputFile(name, folder / name) for name in names]
    return [InputFile(name, objects.get(prefix + name).path) for name in names]
