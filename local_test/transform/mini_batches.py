"""Payloads of an input object: whole, one record each, or as many records as MaxPayloadInMB allows.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html#batch-transform-large-datasets
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from local_test.serving.container_client import Blocks
from local_test.transform.records import SPLITTERS, BadInput, Record, too_large

BLOCK = 64 * 1024


@dataclass(frozen=True)
class MiniBatch:
    """One payload. body: its bytes, or for one of any size a function that reads it block by block, for every try anew.
    records: numbers of the first and the last, from 1; None when the object is not split."""

    body: bytes | Blocks
    records: tuple[int, int] | None

    def __str__(self) -> str:
        if self.records is None:
            return "the object"
        first, last = self.records
        return f"record {first}" if first == last else f"records {first} to {last}"


@dataclass(frozen=True)
class Cutting:
    """How objects become payloads. split: SplitType. strategy: BatchStrategy. most_bytes: of a payload; None for any
    size.
    """

    gzipped: bool
    split: str
    strategy: str
    most_bytes: int | None

    def mini_batches(self, path: Path) -> Iterator[MiniBatch]:
        """Raises BadInput, after the payloads that could be made."""
        most = self.most_bytes
        if most is None and (self.split == "None" or self.strategy == "MultiRecord"):
            yield MiniBatch(lambda: self._blocks(path), None)
            return
        with self._opened(path) as stream:
            if self.split == "None" and most is not None:
                yield whole(stream, most)
                return
            records = SPLITTERS[self.split](stream, most)
            if self.strategy == "SingleRecord" or most is None:
                yield from single_records(records, most)
            else:
                yield from multi_records(records, most)

    def _blocks(self, path: Path) -> Iterator[bytes]:
        with self._opened(path) as stream:
            while block := stream.read(BLOCK):
                yield block

    @contextmanager
    def _opened(self, path: Path) -> Iterator[BinaryIO]:
        try:
            with gzip.open(path) if self.gzipped else path.open("rb") as stream:
                yield cast(BinaryIO, stream)  # GzipFile is none by its type, and reads as one
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadInput(f"it is not sound gzip, which CompressionType says it is: {error}.") from error
        except FileNotFoundError as error:
            raise BadInput("it was overwritten or deleted while the job ran.") from error
        except OSError as error:
            raise BadInput(f"it could not be read: {error}.") from error


def whole(stream: BinaryIO, most_bytes: int) -> MiniBatch:
    body = stream.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise too_large("as one payload it", most_bytes)
    return MiniBatch(body, None)


def single_records(records: Iterable[Record], most_bytes: int | None) -> Iterator[MiniBatch]:
    for record in records:
        if most_bytes is not None and len(record.content) > most_bytes:
            raise too_large(f"record {record.number}", most_bytes)
        yield MiniBatch(record.content, (record.number, record.number))


def multi_records(records: Iterable[Record], most_bytes: int) -> Iterator[MiniBatch]:
    held: list[bytes] = []
    first, size = 1, 0
    for record in records:
        if len(record.framed) > most_bytes:
            raise too_large(f"record {record.number}", most_bytes)
        if size + len(record.framed) > most_bytes:
            yield MiniBatch(b"".join(held), (first, record.number - 1))
            held, first, size = [], record.number, 0
        held.append(record.framed)
        size += len(record.framed)
    if held:
        yield MiniBatch(b"".join(held), (first, first + len(held) - 1))
