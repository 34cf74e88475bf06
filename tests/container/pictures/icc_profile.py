"""ICC profiles for tests, of a matrix and a gamma: https://www.color.org/icc_specs2.xalter, version 2."""

import struct

# Red, green and blue in XYZ under D50.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries=DISPLAY_P3, gamma: float = 2.2) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    return _profile(
        b"RGB ",
        [(b"wtpt", _xyz(D50))]
        + [(name + b"XYZ", _xyz(one)) for name, one in zip((b"r", b"g", b"b"), primaries, strict=True)]
        + [(name + b"TRC", curve) for name in (b"r", b"g", b"b")],
    )


def grey_profile(gamma: float) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    return _profile(b"GRAY", [(b"wtpt", _xyz(D50)), (b"kTRC", curve)])


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    tags = [(b"desc", b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(79)), *tags]
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags:
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = bytes(8) + b"\x02\x40\0\0" + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28) + _xyz(D50)[8:]
    head = struct.pack(">I", start + len(data)) + head[4:] + bytes(128 - len(head))
    return head + table + data
