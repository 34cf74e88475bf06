"""Records of an input object, by SplitType: lines, RecordIO, TFRecord. Read one at a time, in bounded memory.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html,
https://mxnet.apache.org/versions/1.9.1/architecture/note_data_loading (RecordIO).
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import BinaryIO

from contract.tf_record import FOOTER, HEADER, masked_crc32c

MEGABYTE = 1024 * 1024
LONGEST_FRAME = 64  # bytes: more than any of the formats puts around a record that is one part
RECORD_IO_MAGIC = struct.pack("<I", 0xCED7230A)
RECORD_IO_WHOLE, RECORD_IO_FIRST, RECORD_IO_MIDDLE, RECORD_IO_LAST = range(4)


class BadInput(ValueError):
    """An input object cannot be cut into payloads; the message follows the object's URI."""


@dataclass(frozen=True)
class Record:
    """number: from 1. content: the record alone, as SingleRecord sends it. framed: as it lies in the object, with its
    line end or padding, as MultiRecord sends it."""

    number: int
    content: bytes
    framed: bytes


def too_large(what: str, most_bytes: int) -> BadInput:
    return BadInput(
        f"{what} is larger than MaxPayloadInMB ({most_bytes // MEGABYTE}). Raise it (100 at most), or split the data."
    )


def line_records(stream: BinaryIO, most_bytes: int | None) -> Iterator[Record]:
    """Every line is a record, also an empty one; a last line needs no line end.

    The line end is `\\n` or `\\r\\n`. Of a line that is longer than `most_bytes` no more is read than shows that.
    """
    longest = -1 if most_bytes is None else most_bytes + LONGEST_FRAME
    for number in count(1):
        line = stream.readline(longest)
        if not line:
            return
        if most_bytes is not None and len(line) == longest and not line.endswith(b"\n"):
            raise too_large(f"record {number}", most_bytes)
        content = line[:-2] if line.endswith(b"\r\n") else line[:-1] if line.endswith(b"\n") else line
        yield Record(number, content, line)


def record_io_records(stream: BinaryIO, most_bytes: int | None) -> Iterator[Record]:
    """MXNet's format: magic number, flag and length, content, padding to four bytes; the flag joins parts to one
    record.
    """
    for number in count(1):
        parts: list[bytes] = []
        framed = b""
        flag = RECORD_IO_FIRST
        while flag in (RECORD_IO_FIRST, RECORD_IO_MIDDLE):
            header = stream.read(8)
            if not header and not parts:
                return
            if len(header) < 8 or not header.startswith(RECORD_IO_MAGIC):
                raise BadInput(f"record {number} is no RecordIO record: the magic number is not there.")
            (word,) = struct.unpack("<I", header[4:])
            flag, length = word >> 29, word & 0x1FFFFFFF
            if flag > RECORD_IO_LAST or (flag in (RECORD_IO_WHOLE, RECORD_IO_FIRST)) == bool(parts):
                raise BadInput(f"record {number} is no RecordIO record: its parts are out of order.")
            if most_bytes is not None and len(framed) + length > most_bytes + LONGEST_FRAME:
                raise too_large(f"record {number}", most_bytes)
            padded = _exactly(stream, length + -length % 4, number)
            parts.append(padded[:length])
            framed += header + padded
        # A writer cuts a record where its content has the magic number, and leaves the number out.
        yield Record(number, RECORD_IO_MAGIC.join(parts), framed)


def tf_records(stream: BinaryIO, most_bytes: int | None) -> Iterator[Record]:
    """Length, its checksum, content, the content's checksum. Only the length's is checked: it guards against other
    formats.
    """
    for number in count(1):
        header = stream.read(HEADER)
        if not header:
            return
        if len(header) < HEADER or struct.unpack("<I", header[8:])[0] != masked_crc32c(header[:8]):
            raise BadInput(f"record {number} is no TFRecord: the checksum of its length does not hold.")
        (length,) = struct.unpack("<Q", header[:8])
        if most_bytes is not None and length > most_bytes + LONGEST_FRAME:
            raise too_large(f"record {number}", most_bytes)
        rest = _exactly(stream, length + FOOTER, number)
        yield Record(number, rest[:length], header + rest)


SPLITTERS: dict[str, Callable[[BinaryIO, int | None], Iterator[Record]]] = {
    "Line": line_records,
    "RecordIO": record_io_records,
    "TFRecord": tf_records,
}


def _exactly(stream: BinaryIO, size: int, number: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise BadInput(f"record {number} is cut off: the object ends within it.")
    return found
