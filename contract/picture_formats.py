"""The picture formats that training, the endpoint and the scripts take: one list, with what tells them apart.

A file's first bytes decide what it is. Names only choose the files to look at: by suffix, and by content where a name
has none.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class PictureFormat:
    """name: as people write it. decoder: Pillow's name. suffixes: in lower case, with the dot. start: matches the first
    bytes of such files.
    """

    name: str
    decoder: str
    suffixes: tuple[str, ...]
    start: re.Pattern[bytes]


def _format(name: str, decoder: str, suffixes: str, start: bytes) -> PictureFormat:
    return PictureFormat(name, decoder, tuple(suffixes.split()), re.compile(start, re.DOTALL))


# ISO base media files say in their first box, `ftyp`, which of the formats built on it they are:
# https://www.iso.org/standard/83529.html, 10.2, and https://aomediacodec.github.io/av1-avif/#brands
_BOX = rb"\0\0\0[\x10-\xff]ftyp"
FORMATS = (
    _format("JPEG", "JPEG", ".jpg .jpeg .jpe .jfif", rb"\xff\xd8\xff"),  # MPO as well, as phones and cameras write it
    _format("PNG", "PNG", ".png", rb"\x89PNG\r\n\x1a\n"),
    _format("WebP", "WEBP", ".webp", rb"RIFF....WEBP"),
    _format("BMP", "BMP", ".bmp", rb"BM"),
    _format("GIF", "GIF", ".gif", rb"GIF8[79]a"),
    _format("TIFF", "TIFF", ".tif .tiff", rb"(II[*+]\0|MM\0[*+])(?!....CR)"),  # CR: Canon's raw files
    _format("AVIF", "AVIF", ".avif", _BOX + rb"(avi[fs]|(mif1|msf1)....(?:....)*?avi[fs])"),
    _format("HEIC", "HEIF", ".heic .heif .hif", _BOX + rb"(he[iv][cxms]|mif1|msf1)"),
)
PICTURE_SUFFIXES = frozenset(suffix for one in FORMATS for suffix in one.suffixes)
TAKEN = ", ".join(one.name for one in FORMATS[:-1]) + f" or {FORMATS[-1].name}"
HEAD = 64  # bytes of a file that tell its format

# What is often found where a picture should be, as a message names it.
_OTHERS = (
    ("a JPEG 2000 picture", rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    ("a JPEG XL picture", rb"\0\0\0\x0cJXL |\xff\x0a"),
    ("a camera's raw picture", rb"(II[*+]\0|MM\0[*+])....CR|....ftypcrx |FUJIFILM|IIR[OS]|IIU\0"),
    ("a video", rb"....ftyp(iso|mp[47]|qt  |m4v|3g[p2]|avc|dash|msnv)|\x1aE\xdf\xa3|RIFF....AVI "),
    ("a Photoshop document", rb"8BPS"),
    ("a DDS texture", rb"DDS "),
    ("a BLP texture", rb"BLP[12]"),
    ("an icon", rb"\0\0[\x01\x02]\0|icns"),
    ("an OpenEXR picture", rb"\x76\x2f\x31\x01"),
    ("a Netpbm picture", rb"P[1-7f]\s"),
    ("a PDF document", rb"%PDF"),
    ("a PostScript document", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("an SVG drawing", rb"(\xef\xbb\xbf)?\s*(<\?xml.*)?<svg"),
    ("a web page", rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)"),
    ("a Git LFS pointer, not the file itself (`git lfs pull` gets it)", rb"version https://git-lfs"),
    ("a zip archive", rb"PK\x03\x04"),
    ("a gzip archive", rb"\x1f\x8b"),
)
_OTHER_STARTS = tuple((name, re.compile(start, re.DOTALL | re.IGNORECASE)) for name, start in _OTHERS)

# Pictures that a folder may hold and nobody here takes; other suffixes are no pictures by their name.
_OTHER_SUFFIXES = {
    suffix: name
    for name, suffixes in {
        "JPEG 2000": ".jp2 .j2k .jpf .jpx .j2c",
        "JPEG XL": ".jxl",
        "camera raw": ".dng .nef .nrw .cr2 .cr3 .arw .orf .rw2 .raf .pef .srw",
        "Photoshop": ".psd .psb",
        "DDS": ".dds",
        "icon": ".ico .icns",
        "OpenEXR": ".exr",
        "Netpbm": ".ppm .pgm .pbm .pnm",
        "TGA": ".tga",
        "SVG": ".svg",
        "PDF": ".pdf",
        "video": ".mp4 .mov .avi .mkv .webm",
    }.items()
    for suffix in suffixes.split()
}


def format_of(head: bytes) -> PictureFormat | None:
    """The format of a file by its first HEAD bytes or more; None for what is not taken."""
    return next((one for one in FORMATS if one.start.match(head[:HEAD])), None)


def why_not_taken(head: bytes) -> str:
    """What a file is that has none of FORMATS, as the end of "this file is ..." with the next step.

    head: its first HEAD bytes or more.
    """
    kind = next((name for name, start in _OTHER_STARTS if start.match(head[:HEAD])), None)
    if kind:
        return f"{kind}, which is not taken; use {TAKEN}"
    return f"not a picture in any known format; use {TAKEN}" if head else "an empty file"


def is_picture(name: str, head: Callable[[], bytes]) -> bool:
    """Whether a file of a data set or of a folder to classify is one of its pictures.

    Args:
        name: of the file, with or without folders. Its suffix decides, in upper or lower case.
        head: reads the file's first HEAD bytes or more; only called where the name has no suffix.
    """
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in PICTURE_SUFFIXES if suffix else format_of(head()) is not None


def pictures_not_taken(names: Iterable[str]) -> str:
    """Files that are pictures of other formats by their suffix: `12 JPEG 2000 (.jp2) and 3 SVG (.svg)`; "" for none."""
    suffixes = Counter(PurePosixPath(name).suffix.lower() for name in names)
    found = [
        f"{count} {_OTHER_SUFFIXES[suffix]} ({suffix})"
        for suffix, count in suffixes.most_common()
        if suffix in _OTHER_SUFFIXES
    ]
    return " and ".join((", ".join(found[:-1]), found[-1])) if len(found) > 1 else "".join(found)
