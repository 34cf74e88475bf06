"""Colours that a file names by number and not by an embedded profile: as the ICC profile of the same colours.

AVIF and HEIC do so in a `colr` box (ISO/IEC 14496-12, 12.1.5), PNG in a `cICP` chunk (https://www.w3.org/TR/png-3/#cICP-chunk);
the numbers are those of ITU-T H.273. Their decoders do not say them, or only some do.
"""

import re
import struct
from collections.abc import Iterator
from functools import cache
from itertools import islice

# Red, green and blue in XYZ under D50, as ICC profiles have them (Bradford), of H.273's table 2.
PRIMARIES = {
    9: ((0.6735, 0.2790, -0.0019), (0.1657, 0.6753, 0.0300), (0.1250, 0.0456, 0.7969)),  # BT.2020
    12: ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)),  # Display P3
}
D50 = (0.9642, 1.0, 0.8249)
# H.273's table 3: unspecified, sRGB, and those of video, which screens show alike. Brighter than white (PQ, HLG) is
# nothing that a profile of this kind can say: such pictures stay as they are.
SCREEN_CURVES = (1, 2, 6, 13, 14, 15)
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # IEC 61966-2-1, as ICC.1:2022, 10.18, type 3
MAX_BOXES = 1_000  # of a level; a phone's picture has some 60
_CICP = re.compile(rb"\0\0\0\x04cICP(..)", re.DOTALL)


def declared_profile(content: bytes) -> bytes | None:
    """An ICC profile for the colours of a file's main picture; None where they are sRGB's, not said, or not known."""
    if content.startswith(b"\x89PNG"):
        chunk = _CICP.search(content, 0, max(content.find(b"IDAT"), 0))
        numbers = tuple(chunk[1]) if chunk else None
    else:
        numbers = _numbers_of_main_item(content)
    if numbers is None or numbers[0] not in PRIMARIES or numbers[1] not in SCREEN_CURVES:
        return None
    return _profile(numbers[0])


def _numbers_of_main_item(content: bytes) -> tuple[int, int] | None:
    """Colour primaries and transfer characteristics of the primary item of a HEIF container (ISO/IEC 23008-12).

    A file has other items too, such as thumbnails and maps of brightness, with colours of their own."""
    try:
        meta = _first(_boxes(content), b"meta")[4:]
        parts = dict(_boxes(meta))
        wide = parts[b"pitm"][0] > 0
        [main] = struct.unpack_from(">I" if wide else ">H", parts[b"pitm"], 4)
        described = dict(_boxes(parts[b"iprp"]))
        properties = list(_boxes(described[b"ipco"]))
        for number in _properties_of(described[b"ipma"], main):
            name, body = properties[number - 1]
            if name == b"colr" and body[:4] == b"nclx":
                return struct.unpack_from(">HH", body, 4)
    except (KeyError, IndexError, struct.error):  # its decoder says what is broken
        pass
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of the boxes that follow each other; ends at one that is torn."""

    def each() -> Iterator[tuple[bytes, bytes]]:
        place = 0
        while place + 8 <= len(content):
            size, name = struct.unpack_from(">I4s", content, place)
            begin = place + 8
            if size == 1:
                [size] = struct.unpack_from(">Q", content, begin)
                begin += 8
            end = len(content) if size == 0 else place + size
            if end < begin or end > len(content):
                return
            yield name, content[begin:end]
            place = end

    return islice(each(), MAX_BOXES)


def _first(boxes: Iterator[tuple[bytes, bytes]], name: bytes) -> bytes:
    for found, body in boxes:
        if found == name:
            return body
    raise KeyError(name)


def _properties_of(associations: bytes, item: int) -> Iterator[int]:
    """Numbers, from 1, of an item's properties; associations: the body of its `ipma` box."""
    version, flags, count = associations[0], associations[3], struct.unpack_from(">I", associations, 4)[0]
    place = 8
    for _ in range(min(count, MAX_BOXES)):
        [found] = struct.unpack_from(">I" if version else ">H", associations, place)
        place += 4 if version else 2
        length, place = associations[place], place + 1
        form, mask = (">H", 0x7FFF) if flags & 1 else (">B", 0x7F)
        numbers = [
            one & mask for (one,) in struct.iter_unpack(form, associations[place:][: length * struct.calcsize(form)])
        ]
        if found == item:
            yield from (number for number in numbers if number)
            return
        place += length * struct.calcsize(form)


@cache
def _profile(primaries: int) -> bytes:
    """ICC.1:2022, 8.3.3: a matrix, and sRGB's curve."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, SRGB_CURVE))
    tags = {b"wtpt": _xyz(D50)}
    for name, colour in zip((b"r", b"g", b"b"), PRIMARIES[primaries], strict=True):
        tags |= {name + b"XYZ": _xyz(colour), name + b"TRC": curve}
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content
    head = struct.pack(">I4xI", start + len(data), 0x04400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + _xyz(D50)[8:]).ljust(128, b"\0") + table + data


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
