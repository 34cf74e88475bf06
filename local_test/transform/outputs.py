"""Outputs of a job: a file is written for each object while its answers come, and stored when the job has ended."""

from pathlib import Path
from typing import BinaryIO

from local_test.storage.destination import Destination
from local_test.transform.input_objects import InputObject


class ObjectOutput:
    """The output of one object, and why there is none. Answers are added in the order of the records."""

    def __init__(self, source: InputObject, folder: Path, by_line: bool):
        self.source = source
        self.failure: str | None = (
            None  # what went wrong first, a sentence; client_fault says whether the input is to blame
        )
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
