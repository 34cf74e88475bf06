"""TFRecord: how records stand in a file, as TensorFlow's data sets and TensorBoard's event files have them.

https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import struct

HEADER, FOOTER = 12, 4  # bytes: the length and its checksum; the content's checksum
_POLYNOMIAL = 0x82F63B78  # of CRC-32C, reversed


def tf_record(content: bytes) -> bytes:
    """A record of these bytes."""
    length = struct.pack("<Q", len(content))
    return b"".join(
        (length, struct.pack("<I", masked_crc32c(length)), content, struct.pack("<I", masked_crc32c(content)))
    )


def masked_crc32c(data: bytes) -> int:
    """The checksum that stands in the file: rotated, so that one of data which hold a checksum differs from it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
