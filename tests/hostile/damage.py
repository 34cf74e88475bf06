"""What becomes of a picture's file by seeded damage: flipped bits, cuts, lying lengths, huge dimensions."""

import random
import struct
import zlib
from collections.abc import Callable

from tests.hostile.whole_pictures import whole_pictures

MAGICS = (
    b"\xff\xd8\xff\xe0",
    b"\xff\xd8\xff\xe1",
    b"\xff\xd8\xff\xdb",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF87a",
    b"GIF89a",
    b"RIFF\xff\xff\xff\x7fWEBPVP8X\n\0\0\0",
    b"RIFF\x64\0\0\0WEBPVP8L",
    b"RIFF\x64\0\0\0WEBPVP8 ",
    b"BM",
    b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0",
    b"II*\0",
    b"MM\0*\0\0\0\x08\0\x0a",
    b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miafMA1B",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    b"%!PS-Adobe-3.0 EPSF-3.0\n",
    b"8BPS\0\1",
    b"\0\0\1\0",
    b"P6 99999 99999 255\n",
    b"%PDF-1.4",
    b"PK\3\4",
    b"\x93NUMPY\1\0",
    b"\x80\4\x95",
)

EXTREME = (0, 1, 0x7F, 0x80, 0xFF, 0x3FFF, 0x4000, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

# Where width and height stand, and how they are written.
DIMENSIONS = {
    b"\x89PNG": ((16, ">I"), (20, ">I")),
    b"GIF8": ((6, "<H"), (8, "<H")),
    b"BM": ((18, "<I"), (22, "<I"), (10, "<I"), (14, "<I"), (28, "<H"), (30, "<I"), (46, "<I")),
    b"RIFF": ((24, "<I"), (26, "<H"), (27, "<I"), (28, "<H"), (21, "<I")),
}


def damaged(source: random.Random, content: bytes) -> bytes:
    for _ in range(source.choice((0, 1, 1, 1, 1, 2, 3))):
        content = source.choice(MUTATIONS)(source, content)
    if content.startswith(b"\x89PNG") and source.random() < 0.6:
        content = _with_right_checksums(content)  # or nothing behind the first lie is ever read
    return content


def _flipped(source: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(source.choice((1, 2, 5, 20, 100))):
        if changed:
            changed[_early(source, len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def _cut(source: random.Random, content: bytes) -> bytes:
    return content[: _early(source, len(content) + 1)]


def _spliced(source: random.Random, content: bytes) -> bytes:
    other = source.choice(whole_pictures())
    return content[: source.randrange(len(content) + 1)] + other[source.randrange(len(other)) :]


def _repeated(source: random.Random, content: bytes) -> bytes:
    start = _early(source, len(content) + 1)
    stop = min(len(content), start + source.choice((1, 2, 4, 12, 100, 2000)))
    return (
        content[:stop] + content[start:stop] * source.choice((1, 10, 300, 20_000)) + content[stop:]
        if stop > start
        else content
    )


def _overwritten(source: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(source.randint(1, 12)):
        if changed:
            changed[_early(source, len(changed))] = source.choice((0, 0xFF, source.randrange(256)))
    return bytes(changed)


def _huge_dimensions(source: random.Random, content: bytes) -> bytes:
    for magic, places in DIMENSIONS.items():
        if content.startswith(magic):
            for offset, code in source.sample(places, source.randint(1, len(places))):
                content = _written(content, offset, code, source)
            return content
    at = max(
        (content.find(marker) for marker in (b"\xff\xc0", b"\xff\xc2")), default=-1
    )  # JPEG's frame: length, precision, height, width
    return _written(_written(content, at + 5, ">H", source), at + 7, ">H", source) if at >= 0 else content


def _lying_length(source: random.Random, content: bytes) -> bytes:
    """Of a PNG chunk, a RIFF chunk or a JPEG segment."""
    if content.startswith(b"\x89PNG"):
        names, code, behind = (
            (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"tEXt"),
            ">I",
            -4,
        )
    elif content.startswith(b"RIFF"):
        names, code, behind = (b"RIFF", b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"EXIF"), "<I", 4
    else:
        names, code, behind = (
            tuple(bytes((0xFF, marker)) for marker in (0xE0, 0xE1, 0xEE, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA, 0xFE)),
            ">H",
            2,
        )
    found = [at for at in (content.find(name) for name in names) if at + behind >= 0 <= at]
    return _written(content, source.choice(found) + behind, code, source) if found else _flipped(source, content)


def _random_behind_a_magic(source: random.Random, content: bytes) -> bytes:
    return source.choice(MAGICS) + source.randbytes(source.choice((0, 3, 20, 300, 5000)))


def _random(source: random.Random, content: bytes) -> bytes:
    return source.randbytes(source.choice((1, 2, 16, 1000, 60_000)))


def _empty(source: random.Random, content: bytes) -> bytes:
    return b""


MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flipped,
    _cut,
    _spliced,
    _repeated,
    _overwritten,
    _huge_dimensions,
    _huge_dimensions,
    _lying_length,
    _lying_length,
    _random_behind_a_magic,
    _random,
    _empty,
)


def _early(source: random.Random, size: int) -> int:
    """A position below `size`; half of them in the first 600 bytes, where headers are."""
    return source.randrange(min(size, 600) if source.random() < 0.5 else size)


def _written(content: bytes, offset: int, code: str, source: random.Random) -> bytes:
    size = struct.calcsize(code)
    value = source.choice((*EXTREME, source.getrandbits(32), source.randint(1, 70_000))) & (2 ** (8 * size) - 1)
    return (
        content[:offset] + struct.pack(code, value) + content[offset + size :]
        if offset + size <= len(content)
        else content
    )


def _with_right_checksums(content: bytes) -> bytes:
    fixed, at = bytearray(content), 8
    while at + 12 <= len(fixed):
        end = at + 8 + int.from_bytes(fixed[at : at + 4])
        if end + 4 > len(fixed):
            break
        fixed[end : end + 4] = struct.pack(">I", zlib.crc32(fixed[at + 4 : end]))
        at = end + 4
    return bytes(fixed)
