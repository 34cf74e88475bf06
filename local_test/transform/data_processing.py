"""DataProcessing: a part of each record goes to the model, and a part of record and answer into the output.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local_test.serving.container_client import Blocks
from local_test.transform.json_path import JsonPath
from local_test.transform.limits import MOST_MEGABYTES
from local_test.transform.records import MEGABYTE, BadInput

FORMATS = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonlines": "json",
    "application/x-jsonlines": "json",
}
BLOCK = 64 * 1024  # bytes of filtered records that are sent in one chunk
csv.field_size_limit(MOST_MEGABYTES * MEGABYTE)  # a field may be a picture in base64; Python's own limit is 128 KiB


class Mismatch(ValueError):
    """Input and filters, or input and answer, do not match; the message follows the name of the payload."""


class BlockStream(io.RawIOBase):
    """A body that comes block by block, as a file that Python's text and CSV readers take. One block at a time is in
    memory. Raises what the blocks raise.

    ends_with_newline: whether the last byte that was read is a line end; False before the first.
    """

    def __init__(self, blocks: Iterable[bytes]):
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")
        self.ends_with_newline = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """buffer: bytes that can be written to, of any kind."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self.ends_with_newline = self._rest[size - 1] == ord("\n")
        self._rest = self._rest[size:]
        return size


@dataclass(frozen=True)
class DataProcessing:
    """is_csv: else JSON. by_line: a payload has a record a line; else it is one JSON value.

    A payload is its bytes, or Blocks when MaxPayloadInMB is 0, which is any size."""

    is_csv: bool
    by_line: bool
    input_filter: JsonPath
    joins: bool
    output_filter: JsonPath

    def filtered(self, payload: bytes | Blocks) -> bytes | Blocks:
        """What the model gets. Raises Mismatch; Blocks raise it, and BadInput, when they are read."""
        if not self.input_filter.steps:
            return payload
        if callable(payload):
            return lambda: self._filtered_blocks(payload)
        return self._filtered_bytes(payload)

    def _filtered_bytes(self, payload: bytes) -> bytes:
        kept = [self._kept(self.input_filter, record, "InputFilter") for record in self._records(payload, "the input")]
        text = self._written(kept)
        # A record that came without a line end goes without one.
        return text if payload.endswith(b"\n") or not self.by_line else text.removesuffix(b"\n")

    def finished(self, payload: bytes | Blocks, answer: bytes) -> bytes:
        """What is stored for a payload and its answer; a record a line ends with a line end each. Raises Mismatch.

        Holds all records of the payload, as the answer is held, when they are joined or counted."""
        if not self.joins and not self.output_filter.steps:
            return answer
        payload = b"".join(payload()) if callable(payload) else payload
        records = self._records(payload, "the input")
        answers = self._records(answer, "the container's answer", whole=len(records) == 1)
        if self.joins:
            if len(answers) != len(records):
                raise Mismatch(
                    f"the container answered {len(answers)} lines to {len(records)} records; JoinSource Input needs "
                    "one for each."
                )
            answers = [self._joined(record, one) for record, one in zip(records, answers, strict=True)]
        return self._written([self._kept(self.output_filter, one, "OutputFilter") for one in answers])

    def _filtered_blocks(self, payload: Blocks) -> Iterator[bytes]:
        if not self.by_line:
            yield self._filtered_bytes(b"".join(payload()))
            return
        stream, size = BlockStream(payload()), 0
        held: list[bytes] = []
        for record in self._streamed_records(stream):
            held.append(self._written([self._kept(self.input_filter, record, "InputFilter")]))
            size += len(held[-1])
            if size > BLOCK:
                *complete, last = held  # the last stays: whether it has a line end is known at the end
                yield b"".join(complete)
                held, size = [last], len(last)
        text = b"".join(held)
        yield text if stream.ends_with_newline else text.removesuffix(b"\n")

    def _streamed_records(self, stream: BlockStream) -> Iterator[Any]:
        try:
            lines = io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8", newline="" if self.is_csv else "\n")
            yield from csv.reader(lines) if self.is_csv else map(json.loads, lines)
        except BadInput:
            raise
        except (ValueError, csv.Error, RecursionError) as error:
            raise self._other_format("the input", error) from error

    def _records(self, data: bytes, what: str, whole: bool = False) -> list[Any]:
        """whole: the data is one record; JSON may then be written over many lines."""
        try:
            text = data.decode()
            if self.is_csv:
                return list(csv.reader(io.StringIO(text, newline="")))
            if whole or not self.by_line:
                return [json.loads(text)]
            return [json.loads(line) for line in text.removesuffix("\n").split("\n")]
        except (ValueError, csv.Error, RecursionError) as error:
            raise self._other_format(what, error) from error

    def _other_format(self, what: str, error: Exception) -> Mismatch:
        return Mismatch(f"{what} is not {'CSV' if self.is_csv else 'JSON'}, which DataProcessing needs: {error}.")

    def _kept(self, path: JsonPath, record: Any, field: str) -> Any:
        try:
            return path.of_row(record) if self.is_csv else path.of(record)
        except ValueError as error:
            raise Mismatch(f"DataProcessing.{field} does not fit: {error}.") from error

    def _joined(self, record: Any, answer: Any) -> Any:
        if self.is_csv:
            return record + answer
        return {**(record if isinstance(record, dict) else {"SageMakerInput": record}), "SageMakerOutput": answer}

    def _written(self, records: list[Any]) -> bytes:
        if self.is_csv:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(records)
            return text.getvalue().encode()
        lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
        # Half a surrogate pair has no bytes in UTF-8; this writes it as JSON's escape.
        return ("".join(f"{line}\n" for line in lines) if self.by_line else lines[0]).encode(errors="backslashreplace")


def data_processing(request: dict[str, Any]) -> DataProcessing | None:
    """A CreateTransformJob request's; None when it asks for nothing. Raises ValueError with a message that names the
    field.
    """
    asked = request.get("DataProcessing", {})
    paths = {}
    for field in ("InputFilter", "OutputFilter"):
        try:
            paths[field] = JsonPath.parse(asked.get(field) or "$")
        except ValueError as error:
            raise ValueError(f"DataProcessing.{field}: {error}") from error
    joins = asked.get("JoinSource") == "Input"
    if not joins and not any(path.steps for path in paths.values()):
        return None
    given = request["TransformInput"]
    content_type, split = given.get("ContentType", ""), given.get("SplitType", "None")
    kind = _format(content_type)
    if kind is None:
        raise ValueError(
            f"DataProcessing needs a TransformInput.ContentType of {', '.join(FORMATS)}, not {content_type!r}."
        )
    if split not in ("None", "Line"):
        raise ValueError(f"DataProcessing needs a TransformInput.SplitType of None or Line, not {split}.")
    accept = request["TransformOutput"].get("Accept")
    if accept and (joins or paths["OutputFilter"].steps) and _format(accept) != kind:
        raise ValueError(
            f"DataProcessing needs a TransformOutput.Accept like TransformInput.ContentType ({content_type}), not "
            f"{accept}."
        )
    if kind == "csv":
        for field, path in paths.items():
            if not path.takes_columns:
                raise ValueError(
                    f"DataProcessing.{field}: {asked[field]!r} names a field; CSV has numbered columns, as in $[1:]."
                )
    by_line = kind == "csv" or split == "Line" or "jsonlines" in content_type
    return DataProcessing(kind == "csv", by_line, paths["InputFilter"], joins, paths["OutputFilter"])


def _format(content_type: str) -> str | None:
    return FORMATS.get(content_type.partition(";")[0].strip().lower())
