"""Which objects a transform job reads, what their outputs are called, and which instance gets which.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformS3DataSource.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformOutput.html
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from local_test.storage.local_files import LocalFiles, is_local
from local_test.storage.manifest import read_manifest
from local_test.storage.object_store import ObjectStore, split_uri

SUFFIX = ".out"


@dataclass(frozen=True)
class InputObject:
    """number: from 0, in the order of the keys or of the manifest. output: its key below S3OutputPath."""

    number: int
    uri: str
    path: Path
    output: str


def input_objects(source: dict, objects: ObjectStore, files: LocalFiles) -> list[InputObject]:
    """The objects of an S3DataSource: `s3://` in the local S3, or `file:///` on this machine. Raises ValueError, a
    message.
    """
    uri = source["S3Uri"]
    if source["S3DataType"] == "ManifestFile":
        found = [(entry.uri, entry.path, entry.name) for entry in read_manifest(uri, objects, files)]
    elif is_local(uri):
        found = _on_disk(uri, files)
    else:
        # A key that ends in a slash is what consoles make for an empty folder.
        stored = [one for one in objects.list(uri) if not one.key.endswith("/")]
        names = names_below(split_uri(uri)[1], [one.key for one in stored])
        found = [(f"s3://{one.bucket}/{one.key}", one.path, name) for one, name in zip(stored, names, strict=True)]
    if not found:
        raise ValueError(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Upload the data, or correct S3Uri.'
        )
    for name, times in Counter(name for _, _, name in found).items():
        if times > 1:
            raise ValueError(f"{uri} names {name} {times} times, and there can be only one {name}{SUFFIX}.")
        if ".." in name.split("/"):
            raise ValueError(f"{uri} names {name}, whose output would lie outside S3OutputPath.")
    return [InputObject(number, one, path, name + SUFFIX) for number, (one, path, name) in enumerate(found)]


def names_below(prefix: str, keys: list[str]) -> list[str]:
    """Names of the outputs of all keys of a prefix, without `.out`.

    `data/a` + `data/a/x.csv` -> `x.csv`. When the prefix is a key, or ends within a name, names start where that name
    starts: `data/a` + `data/a.csv`, `data/a/x.csv` -> `a.csv`, `a/x.csv`; so no two keys have one name.
    """
    folder = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
    if not all(key.startswith(folder) for key in keys):
        folder = prefix[: prefix.rfind("/") + 1]
    return [key.removeprefix(folder) for key in keys]


def shares(objects: list[InputObject], instances: int) -> list[list[InputObject]]:
    """The objects of each instance: an object is never split between two."""
    return [objects[instance::instances] for instance in range(instances)]


def _on_disk(uri: str, files: LocalFiles) -> list[tuple[str, Path, str]]:
    path = files.path(uri)
    if os.path.isfile(path):
        return [(uri, files.file(path), path.name)]
    below = files.files_below(files.folder(uri)) if os.path.isdir(path) else []
    return [((path / name).as_uri(), file, name) for name, file in below]
