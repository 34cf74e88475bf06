"""Protocol buffers as they stand in a file: fields of a message, each with its number and kind.

Only what event files need: smdebug's generated code, which is in the image, takes seconds to import, which
a trial on features has not, and is of a TensorFlow before the tab HPARAMS. https://protobuf.dev/programming-guides/encoding
"""

import struct

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


def integer(field: int, value: int) -> bytes:
    """An int32, int64, bool or enum; value: 0 or more."""
    return _varint(field << 3 | _VARINT) + _varint(value)


def double(field: int, value: float) -> bytes:
    return _varint(field << 3 | _EIGHT_BYTES) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    """A float of 32 bits; what is beyond it is infinite."""
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return _varint(field << 3 | _FOUR_BYTES) + packed


def message(field: int, content: bytes) -> bytes:
    """A message within another, or bytes."""
    return _varint(field << 3 | _LENGTH) + _varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def _varint(value: int) -> bytes:
    """Seven bits in each byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
