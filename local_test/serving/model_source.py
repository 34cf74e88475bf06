"""Where a container definition says its model data is, in one form for its ways to say it, and the files there."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from local_test.storage.destination import location
from local_test.storage.file_names import check_name, check_side_by_side
from local_test.storage.local_files import LocalFiles, is_local
from local_test.storage.object_folder import StorageError
from local_test.storage.object_store import ObjectStore, split_uri

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html: the bucket in the path or in the host.
S3_ADDRESS = re.compile(
    r"https://(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
    r"/(?P<path>.*)"
)


@dataclass(frozen=True)
class ModelSource:
    """uri: s3:// or file:///. prefix: every object under the URI, not one object. packed: a .tar.gz."""

    uri: str
    prefix: bool
    packed: bool


@dataclass(frozen=True)
class ModelFile:
    """name: of its place below /opt/ml/model (for a packed model: of the archive). mark: changes when the content
    does.
    """

    name: str
    path: Path
    mark: str


def model_source(container: dict[str, Any]) -> ModelSource | None:
    """Of a ContainerDefinition; None for a model that is in the image. Raises ValueError for what AWS refuses.

    A multi-model container's is a prefix of archives, which are taken one by one (`target_source`).
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html
    """
    if container.get("ModelDataUrl") and container.get("ModelDataSource"):
        raise ValueError("ModelDataUrl and ModelDataSource exclude each other. Give one of the two.")
    if container.get("ModelDataUrl"):
        return ModelSource(s3_uri(container["ModelDataUrl"]), prefix=container.get("Mode") == "MultiModel", packed=True)
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return None
    prefix, packed = source["S3DataType"] == "S3Prefix", source["CompressionType"] == "Gzip"
    if prefix and packed:
        raise ValueError("CompressionType Gzip needs S3DataType S3Object: the URI names one archive.")
    if prefix and not source["S3Uri"].endswith("/"):
        raise ValueError(f"With S3DataType S3Prefix the S3Uri ends with a slash; {source['S3Uri']} does not.")
    return ModelSource(s3_uri(source["S3Uri"]), prefix, packed)


def s3_uri(url: str) -> str:
    """`https://s3-eu-west-1.amazonaws.com/bucket/a%20b` -> `s3://bucket/a b`; an s3:// or file:// URI as it is.

    Raises ValueError for a URL that leads elsewhere.
    """
    if not url.startswith("https://"):
        return url
    found = S3_ADDRESS.fullmatch(url)
    if not found:
        raise ValueError(f"{url} is not an address in S3. Give s3://bucket/key.")
    path = unquote(found["path"])
    return f"s3://{found['bucket']}/{path}" if found["bucket"] else f"s3://{path}"


def target_source(models: ModelSource, target: str) -> ModelSource:
    """One archive of a multi-model container. target: its key relative to the prefix, as the request names it.

    Raises ValueError for a name that would lead out of a folder of this machine.
    """
    name = target.lstrip("/")
    if is_local(models.uri):
        check_name(name)
    return ModelSource(location(models.uri, name), prefix=False, packed=True)


def not_downloaded(models: ModelSource, target: str) -> str:
    """The sentence about an archive that is not there, as AWS writes it."""
    where = f"{models.uri.rstrip('/')}/{target.lstrip('/')}"
    if not is_local(where):
        bucket, key = split_uri(where)
        where = f"bucket: {bucket}, key: {key}"
    return (
        f"Failed to download model data({where}). Please ensure that there is an object located at the URL and that "
        "the role passed to CreateModel has permissions to download the model."
    )


def check_there(objects: ObjectStore, files: LocalFiles, source: ModelSource) -> None:
    """Raise ValueError unless there is something at the URI, and for a file:// URI that may not be used."""
    files.check(source.uri)
    try:
        if source.prefix and not is_local(source.uri):
            there = bool(objects.list(source.uri))
        else:
            there = any(True for _ in (_on_disk(files, source) if is_local(source.uri) else _in_store(objects, source)))
    except StorageError:
        there = False
    if not there:
        raise ValueError(f"Could not find model data at {source.uri}.")


def find_files(objects: ObjectStore, files: LocalFiles, source: ModelSource) -> list[ModelFile]:
    """The files of a model, where they lie on this machine. Raises ValueError when there are none, when their names
    cannot be files of one folder, and for a file:// URI that may not be used."""
    found = list(_on_disk(files, source) if is_local(source.uri) else _in_store(objects, source))
    if not found:
        raise ValueError(f"Could not find model data at {source.uri}.")
    try:
        for file in found:
            check_name(file.name)
        check_side_by_side(file.name for file in found)
    except ValueError as error:
        raise ValueError(f"The model data at {source.uri}: {error}") from error
    return found


def _in_store(objects: ObjectStore, source: ModelSource) -> Iterator[ModelFile]:
    if not source.prefix:
        one = objects.get(source.uri)
        yield ModelFile(one.key.rsplit("/", 1)[-1], one.path, one.etag)
        return
    _, prefix = split_uri(source.uri)
    for one in objects.list(source.uri):
        # Consoles make an empty object for a folder; it is no file of the model.
        if not one.key.endswith("/"):
            yield ModelFile(one.key.removeprefix(prefix), one.path, one.etag)


def _on_disk(files: LocalFiles, source: ModelSource) -> Iterator[ModelFile]:
    path = files.path(source.uri)
    if source.prefix:
        found = files.files_below(files.folder(source.uri))
    else:
        found = [(path.name, files.file(path))] if os.path.isfile(path) else []
    for name, file in found:
        status = os.stat(file)
        yield ModelFile(name, file, f"{status.st_mtime_ns}-{status.st_size}")
