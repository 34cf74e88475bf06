"""Outputs of a job: a file is written for each object while its answers come, and stored when the job has ended. Of an
object that failed there is none: FailureReason and the data log say why.
"""

from pathlib import Path
from typing import BinaryIO

from local_test.storage.destination import Destination
from local_test.transform.input_objects import InputObject
from local_test.transform.invocations import InvocationFailed

LONGEST_REASON = 1024  # characters of FailureReason


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
    return f"{start[: LONGEST_REASON - len(rest) - 1]} {rest}"


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
