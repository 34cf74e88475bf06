"""TFRecord: the published checksum, and a record that its reader takes."""

import io

import pytest

from contract.tf_record import masked_crc32c, tf_record
from local_test.transform.records import tf_records


def test_the_checksum_is_crc_32c_rotated():
    # The published test vector: 32 bytes of zero give 0x8a9136aa (RFC 3720, B.4).
    plain = (masked_crc32c(bytes(32)) - 0xA282EAD8) & 0xFFFFFFFF
    assert (plain << 15 | plain >> 17) & 0xFFFFFFFF == 0x8A9136AA


@pytest.mark.parametrize("content", [b"", b"one", b"x" * 5000])
def test_what_is_written_is_what_batch_transform_reads(content):
    [found] = tf_records(io.BytesIO(tf_record(content)), None)
    assert found.content == content and found.framed == tf_record(content)
