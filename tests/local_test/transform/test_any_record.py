"""Records of any bytes: what a writer wrote is what is read; a broken object is BadInput, and never anything else."""

import io
import struct

from hypothesis import given
from hypothesis import strategies as st

from contract.tf_record import masked_crc32c
from local_test.transform.records import (
    LONGEST_FRAME,
    RECORD_IO_MAGIC,
    SPLITTERS,
    BadInput,
    line_records,
    record_io_records,
    tf_records,
)
from tests.properties import repeatable

# A content that holds the magic number is written in parts, without it.
CONTENTS = st.lists(st.binary(max_size=40) | st.lists(st.just(RECORD_IO_MAGIC) | st.binary(max_size=5)).map(b"".join))


def record_io(content):
    parts = content.split(RECORD_IO_MAGIC)
    last = len(parts) - 1
    written = b""
    for place, part in enumerate(parts):
        flag = 0 if last == 0 else 1 if place == 0 else 3 if place == last else 2
        written += RECORD_IO_MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4)
    return written


def tf_record(content):
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc32c(length)) + content + bytes(4)


def read(splitter, data, most_bytes=None):
    return list(splitter(io.BytesIO(data), most_bytes))


@repeatable
@given(CONTENTS)
def test_recordio_comes_back_as_it_was_written(contents):
    found = read(record_io_records, b"".join(map(record_io, contents)))
    assert [one.content for one in found] == contents
    assert [one.framed for one in found] == list(map(record_io, contents))
    assert [one.number for one in found] == list(range(1, len(contents) + 1))


@repeatable
@given(CONTENTS)
def test_tfrecords_come_back_as_they_were_written(contents):
    found = read(tf_records, b"".join(map(tf_record, contents)))
    assert [one.content for one in found] == contents


@repeatable
@given(st.binary())
def test_lines_together_are_the_object_and_none_has_a_line_end(data):
    found = read(line_records, data)
    assert b"".join(one.framed for one in found) == data
    assert not any(b"\n" in one.content for one in found)


@repeatable
@given(st.sampled_from(sorted(SPLITTERS)), CONTENTS, st.data())
def test_an_object_that_is_cut_off_or_changed_gives_records_or_bad_input(split, contents, data):
    write = {"Line": lambda content: content + b"\n", "RecordIO": record_io, "TFRecord": tf_record}[split]
    whole = bytearray(b"".join(map(write, contents)))
    if whole:
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    most = data.draw(st.none() | st.integers(0, 20))
    try:
        # Without a bound the length that a broken header states is what is read for: as long as the object is.
        for one in SPLITTERS[split](io.BytesIO(broken), most):
            assert one.framed in broken
            assert most is None or len(one.content) <= most + LONGEST_FRAME
    except BadInput as error:
        assert str(error)
