"""What decoding a picture would cost: decided from its header before it is done, for training and endpoint alike.

Decoding stays within 0.75 GB and some seconds, whatever the bytes are.
"""

from PIL import Image

from container.pictures.decoders import MAX_PIXELS
from container.pictures.jpeg import has_more_scans, is_held_whole
from contract.picture_formats import FORMATS

MAX_STRETCH = 100  # long side over short side
# 6 to 8 bytes a pixel for its coefficients, until the last scan: 0.5 GB
MAX_HELD_PIXELS = 60_000_000
# of 8 bits without transparency, 4 to 5 bytes a pixel: 0.5 GB
MAX_PLAIN_PIXELS = 100_000_000
MAX_HEIC_PIXELS = 60_000_000
# of what is left: a WebP of so many takes 0.73 GB, other depths and transparency 0.2 to 0.5
MAX_WHOLE_PIXELS = 32_000_000

MAX_COMPRESSED_CHUNKS = 64  # of a PNG: texts and profiles, each of which may unpack to 1 MB
MAX_SCANS = 100  # of a progressive JPEG; encoders write about ten
RUN_LENGTHS = (1, 2)  # BMP's compressions RLE8 and RLE4
# TIFF's, as Pillow names them. Of the others some take memory as the file says, some are decoded by nobody's tests.
TIFF_COMPRESSIONS = frozenset(
    [
        "raw",
        "packbits",
        "tiff_ccitt",
        "group3",
        "group4",
        "tiff_lzw",
        "tiff_deflate",
        "tiff_adobe_deflate",
        "jpeg",
        "zstd",
        "webp",
    ]
)
TILE_WIDTH, TILE_LENGTH = 322, 323  # TIFF's tags
PLAIN_MODES = ("1", "L", "P", "RGB", "CMYK", "YCbCr")
PLAIN_FORMATS = ("PNG", "BMP", "GIF", "TIFF")


def why_not_opened(content: bytes) -> str | None:
    """Why a file is refused before its header is read, as the end of "this file is ..."; None where it is not."""
    chunks = sum(content.count(name) for name in (b"iCCP", b"zTXt", b"iTXt")) if content.startswith(b"\x89PNG") else 0
    if chunks > MAX_COMPRESSED_CHUNKS:
        return f"a PNG with more than {MAX_COMPRESSED_CHUNKS} compressed texts and profiles; save it without metadata"
    return None


def why_not_decoded(picture: Image.Image, content: bytes) -> str | None:
    """Why a picture is refused before its pixels are decoded, as the end of "this file is ..."; None where it is not.

    Args:
        picture: opened, not decoded.
        content: its file. Raises ValueError where a JPEG's is too much work to look through.
    """
    width, height = picture.size
    if max(width, height) > MAX_STRETCH * min(width, height):
        return (
            f"a picture of {width}x{height} pixels; the longer side may have at most {MAX_STRETCH} times the pixels of "
            "the shorter one"
        )
    held = picture.format in ("JPEG", "MPO") and is_held_whole(picture, content)
    most = most_pixels(picture, held)
    if width * height > most:
        kind = f"{'progressive ' if held else ''}{_name(picture)}"
        rest = "" if most == MAX_PIXELS else f", in baseline JPEG {MAX_PIXELS:,}"
        return f"a picture of {width}x{height} pixels; at most {most:,} are taken in {kind}{rest}"
    if held and has_more_scans(content, MAX_SCANS):
        return f"a JPEG of more than {MAX_SCANS} scans; save it as a baseline JPEG"
    if picture.format == "BMP" and picture.info.get("compression") in RUN_LENGTHS:
        return "a run-length encoded BMP; use PNG"  # Pillow unpacks it in Python, byte by byte
    return _why_not_as_tiff(picture) if picture.format == "TIFF" else None


def most_pixels(picture: Image.Image, held: bool) -> int:
    """How many pixels a picture of this kind may have. held: whether libjpeg keeps all of it in memory."""
    if picture.format in ("JPEG", "MPO"):
        return MAX_HELD_PIXELS if held else MAX_PIXELS
    if picture.format in PLAIN_FORMATS and picture.mode in PLAIN_MODES and "transparency" not in picture.info:
        return MAX_PLAIN_PIXELS
    return MAX_HEIC_PIXELS if picture.format == "HEIF" else MAX_WHOLE_PIXELS


def _name(picture: Image.Image) -> str:
    """As people write it; Pillow has its own name for a JPEG with several pictures in it."""
    return next((one.name for one in FORMATS if one.decoder == picture.format), "JPEG")


def _why_not_as_tiff(picture: Image.Image) -> str | None:
    compression = picture.info.get("compression")
    if compression not in TIFF_COMPRESSIONS:
        return f"a TIFF compressed with {compression}; use LZW, Deflate, JPEG or none"
    tags = getattr(picture, "tag_v2", {})
    tile = tags.get(TILE_WIDTH, 0) * tags.get(TILE_LENGTH, 0)
    if tile > max(1_000_000, 4 * picture.width * picture.height):
        return "a TIFF whose tiles are far larger than the picture; save it without tiles"
    return None
