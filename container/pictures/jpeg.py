"""JPEG decoding by simplejpeg: the same pixels as Pillow's, from the same library, in less time.

It decodes into memory that is used again, where Pillow allocates for every picture. What it does not take (CMYK, a file
that libjpeg warns about, every other format) is left to Pillow, which then decides whether it is a picture.
"""

import math
import threading

import numpy as np
import simplejpeg
from PIL import ExifTags, Image, ImageFile

SCALES = (8, 4, 2)  # libjpeg's fast ones
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
    scale = next((scale for scale in SCALES if min(picture.size) >= scale * side), 1)
    width, height = (math.ceil(edge / scale) for edge in picture.size)
    try:
        return simplejpeg.decode_jpeg(
            content, "RGB", min_height=height, min_width=width, min_factor=1, buffer=_memory(height * width * 3)
        )
    except ValueError:
        return None


def is_held_whole(picture: Image.Image) -> bool:
    """Whether libjpeg keeps all coefficients of a JPEG in memory, 6 bytes a pixel, until its last scan.

    Scaling such a file down saves no memory. So it is with a progressive one, and with one whose first scan has not all
    components.
    """
    if picture.info.get("progressive"):
        return True
    content, at = _file_content(picture) or b"", 2
    while (at := content.find(b"\xff", at)) >= 0 and at + 4 < len(content):
        marker = content[at + 1]
        if marker in (0x00, 0xFF):
            at += 1
        elif marker == 0xDA:  # start of scan
            return content[at + 4] < len(picture.getbands())
        elif 0xD0 <= marker <= 0xD9:  # without a length
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return False


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
