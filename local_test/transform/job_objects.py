"""The objects of a transform job: which it reads, what their outputs are called, which instance gets which; and the
output of each.

An output is a file that is written while its answers come, and stored when the job has ended. Of an object that failed
there is none: FailureReason and the data log say why.
Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformS3DataSource.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformOutput.html
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from contract.opt_ml import FAILURE_REASON_CHARACTERS
from local_test.storage.destination import Destination
from local_test.storage.local_files import LocalFiles, is_local
from local_test.storage.manifest import read_manifest
from local_test.storage.object_store import ObjectStore, split_uri
from local_test.transform.invocations import InvocationFailed

OUTPUT_SUFFIX = ".out"


@dataclass(frozen=True)
class InputObject:
    """number: from 0, in the order of the keys or of the manifest. output: its key below S3OutputPath."""

    number: int
    uri: str
    path: Path
    output: str


def input_objects(source: dict[str, Any], objects: ObjectStore, files: LocalFiles) -> list[InputObject]:
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
            raise ValueError(f"{uri} names {name} {times} times, and there can be only one {name}{OUTPUT_SUFFIX}.")
        if ".." in name.split("/"):
            raise ValueError(f"{uri} names {name}, whose output would lie outside S3OutputPath.")
    return [InputObject(number, one, path, name + OUTPUT_SUFFIX) for number, (one, path, name) in enumerate(found)]


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


class ObjectOutput:
    """The output of one object, and why there is none. Answers are added in the order of the records."""

    def __init__(self, source: InputObject, folder: Path, by_line: bool):
        self.source = source
        self.failure: str | None = None  # what went wrong first; client_fault says whether the input is to blame
        self.client_fault = False
        self.done = False
        self.path = folder / str(source.number)
        self._by_line = by_line
        self._file: BinaryIO | None = None

    def add(self, answer: bytes) -> None:
        if self._file is None:
            self._file = self.path.open("wb")
        self._file.write(assembled(answer, self._by_line))

    def fail(self, why: str, client_fault: bool) -> None:
        """The first failure counts. There will be no output: not even of the records that went well."""
        if self.failure is None:
            self.failure, self.client_fault = why, client_fault
            self.abandon()

    def finish(self) -> None:
        """Every record has its answer."""
        if self._file is None:  # an object without records
            self._file = self.path.open("wb")
        self._file.close()
        self.done = True

    def abandon(self) -> None:
        if self._file:
            self._file.close()
        self.path.unlink(missing_ok=True)


def assembled(answer: bytes, by_line: bool) -> bytes:
    """AssembleWith Line ends an answer with a line end, unless the container did so already; None leaves it as it
    is.
    """
    return answer + b"\n" if by_line and not answer.endswith(b"\n") else answer


def store(outputs: list[ObjectOutput], base: str, content_type: str | None, destination: Destination) -> None:
    """Store what is done below `base`, the job's S3OutputPath. Raises ValueError or OSError when it cannot be
    written.
    """
    for output in outputs:
        if output.done:
            destination.put(base, output.source.output, output.path, content_type)


def failure_of_objects(outputs: list[ObjectOutput], log_group: str, log_prefix: str) -> str | None:
    """FailureReason of a job whose containers lived to the end; None when no object failed.

    It names the first object that failed, in the order of the input. AWS says `ClientError` when the input, or a 4xx,
    is to blame and `AlgorithmError` when the container is, and no more than that."""
    failed = [output for output in outputs if output.failure]
    if not failed:
        return None
    first = failed[0]
    error = "ClientError" if first.client_fault else "AlgorithmError"
    where = f"See job logs for more information: {log_group}, streams {log_prefix}/*."
    rest = f"{len(failed)} of {len(outputs)} objects failed. {where}"
    start = f"{error}: {first.source.uri}: {first.failure}"
    return f"{start[: FAILURE_REASON_CHARACTERS - len(rest) - 1]} {rest}"


def data_log_lines(output: ObjectOutput, failure: InvocationFailed | None) -> list[str]:
    """As the platform writes them: the object, the status, the container's message. failure: None when the input is to
    blame.
    """
    name = output.source.uri.removeprefix("s3://")
    error = "ClientError" if output.client_fault else "AlgorithmError"
    if failure is None or failure.status is None:
        return [f"{name}: {error}: {output.failure}"]
    return [
        f"{name}: {error}: {failure.status}",
        f"{name}: ",
        f"{name}: Message:",
        *(f"{name}: {line}" for line in failure.message.splitlines()),
    ]


def _on_disk(uri: str, files: LocalFiles) -> list[tuple[str, Path, str]]:
    path = files.path(uri)
    if os.path.isfile(path):
        return [(uri, files.file(path), path.name)]
    below = files.files_below(files.folder(uri)) if os.path.isdir(path) else []
    return [((path / name).as_uri(), file, name) for name, file in below]
