"""Whole pictures of every kind that the endpoint takes, for damage."""

import base64
import functools
import io

from PIL import Image

# The gradients below as a HEIC, which Pillow cannot write by itself.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAA"
    "AAAERAAAEAAQAAAAABegABAAAAAAAAANwAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAA"
    "AAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkA"
    "AAAwAAAwAeoBQgeWW6kkprm4CGgwIAAAMAMgAAAwACEGIAAQAHRAHBcrBiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAACgAAAA"
    "eAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAAORtZGF0AAAA2CgBrxlH3/eCIeRMduTrwN7LK9fK8Xw/NTZr15LZC9"
    "gSoNAF6U+oa1SY2tmPycUzp21NPFllEK+KfzJDBeWYVt8CsHNVqKK7uhlVwz4sHW2Mr4akMekVJ9XEu3ArV2zf847sWYqmebYtHuu6QCr7VfTt"
    "OHEBQd3W1hBAgP/Vgj3nbnTJCuCRdYeU7eQAUDi8BkBN3Gks4NfifMhheOFeEAZq0c39su7Wne3BZOEGY7yyNfy7PEonRQk3l15vDVr6Fw/aD7"
    "aNy/zvDFG+V2v0vFj9BxcF/Zm+ng=="
)


@functools.cache
def whole_pictures() -> tuple[bytes, ...]:
    """One good file of each kind, some 10 kB each."""
    picture = Image.merge(
        "RGB", (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.linear_gradient("L").rotate(90))
    ).resize((160, 120))
    grey, exif = picture.convert("L"), Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = 6, "Maker", b"comment" * 20
    frames = [picture.rotate(angle) for angle in (90, 180)]
    sixteen_bits = Image.frombytes("I;16", (160, 120), grey.tobytes() + grey.tobytes())
    animated = {"save_all": True, "append_images": frames, "duration": 50}
    made = [
        (picture, "JPEG", {}),
        (picture, "JPEG", {"progressive": True}),
        (picture.convert("CMYK"), "JPEG", {}),
        (picture, "JPEG", {"exif": exif}),
        (grey, "JPEG", {}),
        (picture, "JPEG", {"restart_marker_blocks": 3, "comment": b"text"}),
        (picture, "MPO", {"save_all": True, "append_images": frames}),
        (picture, "PNG", {}),
        (picture.convert("RGBA"), "PNG", {"exif": exif}),
        (picture.quantize(16), "PNG", {"transparency": bytes(range(16))}),
        (grey, "PNG", {"transparency": 7}),
        (grey.convert("LA"), "PNG", {}),
        (picture.convert("1"), "PNG", {}),
        (sixteen_bits, "PNG", {}),
        (picture, "PNG", animated),
        (picture, "WEBP", {}),
        (picture, "WEBP", {"lossless": True, "exif": exif}),
        (picture.convert("RGBA"), "WEBP", animated),
        (picture, "BMP", {}),
        (picture.quantize(16), "BMP", {}),
        (picture.convert("1"), "BMP", {}),
        (picture, "GIF", {}),
        (picture.quantize(8), "GIF", {"transparency": 3}),
        (picture, "GIF", {**animated, "disposal": 2}),
        (picture, "TIFF", {"compression": "tiff_lzw"}),
        (picture.convert("RGBA"), "TIFF", {"compression": "tiff_adobe_deflate"}),
        (picture, "TIFF", {"compression": "jpeg"}),
        (picture.convert("1"), "TIFF", {"compression": "group4"}),
        (grey.convert("F"), "TIFF", {"compression": "packbits"}),
        (sixteen_bits, "TIFF", {}),
        (picture, "AVIF", {"quality": 60}),
        (picture.convert("RGBA"), "AVIF", {"quality": 60}),
    ]
    return (*(_encoded(one, kind, options) for one, kind, options in made), HEIC)


def _encoded(picture: Image.Image, kind: str, options: dict) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
