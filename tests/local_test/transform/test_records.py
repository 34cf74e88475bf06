"""Input objects as records: line ends, odd ends, binary formats, and records that are larger than a payload may be."""

import io
import struct

import pytest

from local_test.transform.records import RECORD_IO_MAGIC, BadInput, line_records, record_io_records, tf_records

MB = 1 << 20


def contents(splitter, data, most=None):
    return [record.content for record in splitter(io.BytesIO(data), most)]


def framed(splitter, data, most=None):
    return b"".join(record.framed for record in splitter(io.BytesIO(data), most))


def record_io(content, flag=0):
    return RECORD_IO_MAGIC + struct.pack("<I", flag << 29 | len(content)) + content + b"\0" * (-len(content) % 4)


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def tf_record(content):
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc32c(length)) + content + struct.pack("<I", masked_crc32c(content))


@pytest.mark.parametrize(
    ("data", "records"),
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a", [b"a"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r\nb\n", [b"a", b"b"]),
        (b"\n", [b""]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"a\n\n", [b"a", b""]),
        (b"\r\n", [b""]),
        (b"a\rb\n", [b"a\rb"]),
        (b"a\r", [b"a\r"]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\x0bb\x0c\xc2\x85c\n", [b"a\x0bb\x0c\xc2\x85c"]),
        ("u\u2028v\n".encode(), ["u\u2028v".encode()]),
        (b"a \n b\n", [b"a ", b" b"]),
        (b"\x00\n\xff\n", [b"\x00", b"\xff"]),
    ],
)
def test_a_line_feed_ends_a_record_and_nothing_else_does(data, records):
    assert contents(line_records, data) == records
    assert contents(line_records, data, most=MB) == records
    assert framed(line_records, data) == data


def test_records_are_numbered_from_one():
    assert [record.number for record in line_records(io.BytesIO(b"a\nb\nc"), None)] == [1, 2, 3]


def test_characters_of_many_bytes_stay_whole_wherever_the_limit_falls():
    text = "ä€𝄞\n" * 50
    for most in range(9, 40):
        assert b"".join(contents(line_records, text.encode(), most)).decode() == "ä€𝄞" * 50


def test_a_line_that_is_too_long_is_refused_and_the_records_before_it_are_not():
    found = []
    with pytest.raises(BadInput, match=r"record 2 is larger than MaxPayloadInMB \(1\)"):
        for record in line_records(io.BytesIO(b"short\n" + b"x" * (2 * MB) + b"\nlast\n"), MB):
            found.append(record.content)
    assert found == [b"short"]


def test_of_a_line_that_is_too_long_little_more_than_the_limit_is_read():
    stream = io.BytesIO(b"x" * (10 * MB))
    with pytest.raises(BadInput):
        list(line_records(stream, MB))
    assert stream.tell() < MB + 1000


@pytest.mark.parametrize("content", [b"", b"1", b"12", b"123", b"1234", b"12345" * 1000])
def test_a_recordio_record_loses_header_and_padding_as_content_and_keeps_them_as_framed(content):
    data = record_io(content) + record_io(b"next")
    assert contents(record_io_records, data) == [content, b"next"]
    assert framed(record_io_records, data) == data


def test_recordio_parts_are_joined_with_the_magic_number_that_cut_them():
    data = record_io(b"head", 1) + record_io(b"mid!", 2) + record_io(b"tail", 3) + record_io(b"single")
    assert contents(record_io_records, data) == [
        b"head" + RECORD_IO_MAGIC + b"mid!" + RECORD_IO_MAGIC + b"tail",
        b"single",
    ]
    assert framed(record_io_records, data) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1,2,3\n4,5,6\n", "record 1 is no RecordIO record: the magic number"),
        (record_io(b"good") + b"rubbish!", "record 2 is no RecordIO record: the magic number"),
        (record_io(b"good")[:-2], "record 1 is cut off"),
        (record_io(b"good")[:6], "record 1 is no RecordIO record"),
        (record_io(b"tail", 3), "record 1 is no RecordIO record: its parts are out of order"),
        (record_io(b"head", 1) + record_io(b"whole"), "record 1 is no RecordIO record: its parts are out of order"),
        (record_io(b"head", 1), "record 1 is no RecordIO record: the magic number"),
        (record_io(b"head", 5), "record 1 is no RecordIO record: its parts are out of order"),
    ],
)
def test_broken_recordio_is_told(data, message):
    with pytest.raises(BadInput, match=message):
        contents(record_io_records, data)


def test_a_recordio_record_that_is_too_large_is_refused_before_it_is_read():
    stream = io.BytesIO(record_io(b"x" * (3 * MB)))
    with pytest.raises(BadInput, match="record 1 is larger than MaxPayloadInMB"):
        list(record_io_records(stream, MB))
    assert stream.tell() == 8


def test_the_checksum_of_tfrecords_is_crc32c():
    # The published test vector of CRC-32C: 32 bytes of zero give 0x8a9136aa (RFC 3720, B.4).
    plain = (masked_crc32c(bytes(32)) - 0xA282EAD8) & 0xFFFFFFFF
    assert (plain << 15 | plain >> 17) & 0xFFFFFFFF == 0x8A9136AA


@pytest.mark.parametrize("content", [b"", b"one", b"x" * 5000])
def test_a_tfrecord_loses_length_and_checksums_as_content_and_keeps_them_as_framed(content):
    data = tf_record(content) + tf_record(b"next")
    assert contents(tf_records, data) == [content, b"next"]
    assert framed(tf_records, data) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1,2,3\n4,5,6\n", "record 1 is no TFRecord"),
        (tf_record(b"good") + b"rest", "record 2 is no TFRecord"),
        (tf_record(b"good")[:-1], "record 1 is cut off"),
    ],
)
def test_broken_tfrecords_are_told(data, message):
    with pytest.raises(BadInput, match=message):
        contents(tf_records, data)


def test_a_tfrecord_that_is_too_large_is_refused_before_it_is_read():
    stream = io.BytesIO(tf_record(b"x" * (3 * MB)))
    with pytest.raises(BadInput, match="record 1 is larger than MaxPayloadInMB"):
        list(tf_records(stream, MB))
    assert stream.tell() == 12
