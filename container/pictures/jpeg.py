"""JPEG decoding by simplejpeg: the same pixels as Pillow's, from the same library, in less time.

It decodes into memory that is used again, where Pillow allocates for every picture. What it does not take (CMYK, a file
that libjpeg warns about, every other format) is left to Pillow, which then decides whether it is a picture.
"""

import math
import re
import threading
from collections.abc import Iterator

import numpy as np
import simplejpeg
from PIL import ExifTags, Image, ImageFile

SCALES = (8, 4, 2)  # libjpeg's fast ones
START_OF_SCAN, END, WITHOUT_LENGTH = 0xDA, 0xD9, (0x01, 0xD8, 0xD9)
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # without those that stand between coefficients
MAX_SEGMENTS = 100_000  # that are looked through; a photograph has some hundred
KEPT = 16_000_000  # bytes that a thread keeps between pictures; a photograph that is scaled down takes 2 MB

_of_thread = threading.local()


def decode_jpeg(picture: Image.Image, side: int) -> np.ndarray | None:
    """Decode a JPEG, scaled down by 8, 4 or 2 where both sides stay at least `side` long; orientation is not applied.

    picture: as Pillow opened it, not decoded yet. Returns uint8 [h, w, 3], RGB, in memory that the thread's next call
    overwrites; None when Pillow has to decode it.
    """
    if picture.format not in ("JPEG", "MPO") or picture.mode not in ("RGB", "L"):
        return None
    content = _file_content(picture)
    if content is None:
        return None
    scale = scale_of(picture.size, side)
    width, height = (math.ceil(edge / scale) for edge in picture.size)
    try:
        return simplejpeg.decode_jpeg(
            content, "RGB", min_height=height, min_width=width, min_factor=1, buffer=_memory(height * width * 3)
        )
    except ValueError:
        return None


def scale_of(size: tuple[int, int], side: int) -> int:
    """By how much a picture of `size` is scaled down while it is decoded, if both sides are to stay at least `side`."""
    return next((scale for scale in SCALES if min(size) >= scale * side), 1)


def is_held_whole(picture: Image.Image, content: bytes) -> bool:
    """Whether libjpeg keeps all coefficients of a JPEG in memory, 6 bytes a pixel, until its last scan.

    Scaling such a file down saves no memory. So it is with a progressive one, and with one whose first scan has not all
    components. content: the picture's file. Raises ValueError where its header has too many segments.
    """
    if picture.info.get("progressive"):
        return True
    first_scan = next((at for marker, at in _segments(content) if marker == START_OF_SCAN), None)
    return (
        first_scan is not None and first_scan + 4 < len(content) and content[first_scan + 4] < len(picture.getbands())
    )


def has_more_scans(content: bytes, most: int) -> bool:
    """Whether a JPEG has more than so many scans. What is behind its end, a phone's video, is no part of it.

    Raises ValueError where it has too many segments to be looked through.
    """
    scans = 0
    for marker, _ in _segments(content):
        scans += marker == START_OF_SCAN
        if scans > most or marker == END:
            break
    return scans > most


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Marker and position of each segment; coefficients are passed over."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = MARKER.search(content, at)
        if found is None:
            return
        at = found.start()
        marker = content[at + 1]
        yield marker, at
        at += 2 if marker in WITHOUT_LENGTH else 2 + int.from_bytes(content[at + 2 : at + 4])
    raise ValueError(f"it has more than {MAX_SEGMENTS:,} parts")


def orientation_of(picture: Image.Image) -> int:
    """The EXIF orientation of a picture, 1 (upright) to 8; 1 where the EXIF is broken, as browsers do."""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow has no error of its own for it, and it says nothing about the pixels
        return 1


def upright(square: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and mirror pixels [side, side, 3] as the EXIF orientation says.

    https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf, 4.6.4 A
    """
    if orientation in (5, 6, 7, 8):
        square = square.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        square = square[::-1]
    if orientation in (2, 3, 6, 7):
        square = square[:, ::-1]
    return np.ascontiguousarray(square)


def _file_content(picture: Image.Image) -> bytes | None:
    """The file behind a picture; None once its pixels are decoded, or where it never had a file."""
    if not isinstance(picture, ImageFile.ImageFile) or picture.fp is None:
        return None
    picture.fp.seek(0)
    return picture.fp.read()


def _memory(size: int) -> np.ndarray:
    """uint8 [at least size], of this thread."""
    if size > KEPT:
        return np.empty(size, dtype=np.uint8)
    if getattr(_of_thread, "memory", None) is None:
        _of_thread.memory = np.empty(KEPT, dtype=np.uint8)  # only what is used of it becomes real
    return _of_thread.memory
