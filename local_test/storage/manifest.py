"""Manifests of training channels and of transform inputs: a prefix, and the names of the objects below it.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from local_test.storage.file_names import check_name
from local_test.storage.local_files import LocalFiles, is_local, parse
from local_test.storage.object_store import ObjectStore


@dataclass(frozen=True)
class ManifestEntry:
    """name: as the manifest says it. path: the file with the object's bytes."""

    name: str
    uri: str
    path: Path


def read_manifest(uri: str, objects: ObjectStore, files: LocalFiles) -> list[ManifestEntry]:
    """The entries of `[{"prefix": "s3://bucket/some/"}, "a.jpg", "b/c.jpg"]`, in its order. Raises ValueError, a
    message.

    A manifest in S3 is data, and names objects in S3 only. A file:// manifest may also have a file:/// prefix, of a
    folder."""
    path = files.file(files.path(uri)) if is_local(uri) else objects.get(uri).path
    prefix, names = _parsed(path, uri)
    for name in names:
        try:
            check_name(name)
        except ValueError as error:
            raise ValueError(f"The manifest {uri}: {error}") from error
    if is_local(prefix):
        if not is_local(uri):
            raise ValueError(
                f"The manifest {uri} has the prefix {prefix}: a manifest in S3 can only name objects in S3."
            )
        folder = files.path(prefix)
        return [
            ManifestEntry(name, (parse(prefix) / name).as_uri(), _file(folder / name, name, uri, files))
            for name in names
        ]
    if not prefix.startswith("s3://"):
        raise ValueError(f"The manifest {uri} has the prefix {prefix!r}: it should look like s3://bucket/some/.")
    return [ManifestEntry(name, prefix + name, objects.get(prefix + name).path) for name in names]


def _parsed(path: Path, uri: str) -> tuple[str, list[str]]:
    try:
        head, *names = json.loads(path.read_bytes())
        prefix = head["prefix"]
        if not all(isinstance(text, str) for text in [prefix, *names]):
            raise TypeError("the prefix and every element after it must be strings")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f'{uri} is not a manifest, [{{"prefix": "s3://..."}}, "key", ...]: {error}') from error
    return prefix, names


def _file(path: Path, name: str, uri: str, files: LocalFiles) -> Path:
    if not os.path.isfile(path):
        raise ValueError(f"The manifest {uri} names {name}, and there is no file {path}.")
    return files.file(path)
