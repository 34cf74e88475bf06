"""Event files, read field by field; in tests/tracking TensorBoard itself reads them.

smdebug's messages, which are in the image, are of an older TensorFlow: the data of a plugin are a text there.
"""

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

from contract.tf_record import FOOTER, HEADER, masked_crc32c


@dataclass
class Event:
    """plugins: the data by tag, of the plugin hparams."""

    wall_time: float = 0.0
    step: int = 0
    file_version: str = ""
    scalars: dict[str, float] = field(default_factory=dict)
    plugins: dict[str, bytes] = field(default_factory=dict)


def fields(content: bytes) -> list[tuple[int, int | bytes | float]]:
    """Number and value of each field of a message: https://protobuf.dev/programming-guides/encoding"""
    stream, found = io.BytesIO(content), []
    while stream.tell() < len(content):
        key = _varint(stream)
        if key & 7 == 0:
            value: int | bytes | float = _varint(stream)
        elif key & 7 == 2:
            size = _varint(stream)
            value = stream.read(size)
            assert len(value) == size
        else:
            value = struct.unpack("<d", stream.read(8))[0] if key & 7 == 1 else struct.unpack("<f", stream.read(4))[0]
        found.append((key >> 3, value))
    return found


def events_of(file: Path) -> list[Event]:
    """Every event; fails where a checksum does not hold."""
    stream, found = io.BytesIO(file.read_bytes()), []
    while header := stream.read(HEADER):
        length, checksum = struct.unpack("<QI", header)
        content = stream.read(length)
        assert checksum == masked_crc32c(header[:8])
        assert struct.unpack("<I", stream.read(FOOTER))[0] == masked_crc32c(content)
        found.append(_event(dict(fields(content))))
    return found


def scalars_of(file: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) by tag."""
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events_of(file):
        for tag, value in event.scalars.items():
            found.setdefault(tag, []).append((event.step, value))
    return found


def _event(given: dict) -> Event:
    event = Event(given[1], given[2], given.get(3, b"").decode())
    for number, content in fields(given.get(5, b"")):
        assert number == 1
        value = dict(fields(content))
        tag = value[1].decode()
        if 2 in value:
            event.scalars[tag] = value[2]
        else:
            plugin = dict(fields(dict(fields(value[9]))[1]))
            assert plugin[1] == b"hparams"
            event.plugins[tag] = plugin[2]
    return event


def _varint(stream: io.BytesIO) -> int:
    value = shift = 0
    while True:
        [byte] = stream.read(1)
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value
