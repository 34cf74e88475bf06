"""Event files, read by the messages that smdebug has of them, as protoc made them of TensorFlow's definitions."""

import io
import struct
from pathlib import Path

from container.debugging.smdebug_library import Event
from contract.tf_record import FOOTER, HEADER, masked_crc32c


def events_of(file: Path) -> list[Event]:
    """Every event; fails where a checksum does not hold."""
    stream, found = io.BytesIO(file.read_bytes()), []
    while header := stream.read(HEADER):
        length, checksum = struct.unpack("<QI", header)
        content = stream.read(length)
        assert checksum == masked_crc32c(header[:8])
        assert struct.unpack("<I", stream.read(FOOTER))[0] == masked_crc32c(content)
        found.append(Event.FromString(content))
    return found


def scalars_of(file: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) by tag."""
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events_of(file):
        for value in event.summary.value:
            if value.WhichOneof("value") == "simple_value":
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found
