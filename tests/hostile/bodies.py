"""Request bodies that nobody should send: pictures and JSON, whole ones and what is left of them after seeded
mutations.

The same on every machine with the same Pillow. Needs nothing but Pillow, so that it runs in the images as well as
outside."""

import base64
import json
import random
from collections.abc import Iterator

from tests.hostile.damage import MUTATIONS, damaged
from tests.hostile.whole_pictures import whole_pictures

PICTURE_TYPES = (
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/webp",
    "image/bmp",
    "image/gif",
    "image/tiff",
    "image/heic",
    "image/avif",
    "application/x-image",
    "application/octet-stream",
)

TEXT_TYPES = ("application/json", "application/jsonlines", "application/x-ndjson")

REFUSED_TYPES = (
    "application/x-npy",
    "application/x-pickle",
    "text/csv",
    "text/plain",
    "multipart/form-data; boundary=b",
    "application/x-www-form-urlencoded",
    "video/mp4",
)

MALFORMED_TYPES = (  # all are legal values of a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    "image/",
    "/",
    "/jpeg",
    "image",
    ";",
    ";;;",
    "image/jpeg;",
    "image/jpeg;;=;q",
    "image/jpeg, image/png",
    "*/*",
    "image/*",
    '"image/jpeg"',
    "image\\jpeg",
    "image/jpeg;charset=\xff\xfe",
    "im\xe4ge/jp\xebg",
    "application/json;charset=utf-16",
    'application/json; charset="',
    "image/jpeg\tx",
    "a" * 2000,
    "application/" + "x/" * 500,
    "None",
    "0",
    "null",
    "%00",
    "../../etc/passwd",
)

MAX_SIZE = 400_000  # bytes of a body; sizes of their own are tested elsewhere


def hostile_bodies(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` bodies, each with its Content-Type, which is a legal header value; the same for the same seed. Some
    bodies are good.
    """
    for index in range(count):
        source = random.Random(f"{seed}/{index}")
        content_type, body = _text(source) if source.random() < 0.25 else _picture(source)
        if source.random() < 0.05:
            content_type = source.choice(PICTURE_TYPES + TEXT_TYPES + REFUSED_TYPES)
        elif source.random() < 0.05:
            content_type = source.choice(MALFORMED_TYPES)
        yield content_type, body[:MAX_SIZE]


def _picture(source: random.Random) -> tuple[str, bytes]:
    content = damaged(source, source.choice(whole_pictures()))
    return source.choice(PICTURE_TYPES), content


def _text(source: random.Random) -> tuple[str, bytes]:
    """JSON or JSON Lines around pictures, good and bad; half of them damaged as text, too."""
    pictures = [
        base64.b64encode(damaged(source, source.choice(whole_pictures())))[: MAX_SIZE // 4].decode()
        for _ in range(source.choice((1, 1, 2, 3)))
    ]
    odd = source.choice(
        (
            None,
            1,
            1.5,
            True,
            [],
            {},
            "",
            "AAA",
            "\ud800",
            {"b64": 1},
            {"url": "http://169.254.169.254/latest/meta-data/"},
            {"url": "file:///etc/passwd"},
            {"image": "data:image/png;base64,AA"},
        )
    )
    instances = [
        *pictures,
        *({source.choice(("image", "b64")): one} for one in pictures),
        *([odd] if source.random() < 0.4 else []),
    ]
    source.shuffle(instances)
    value = source.choice(
        (
            {"image": pictures[0]},
            {"image": odd},
            {"instances": instances},
            {"instances": odd},
            {"instances": instances * 40},
            instances,
            odd,
            {"instances": [], "image": 1},
        )
    )
    kind = source.choice(TEXT_TYPES)
    lines = instances if kind != "application/json" else [value]
    text = source.choice((b"\n", b"\r\n", b"\n\n")).join(json.dumps(one, ensure_ascii=True).encode() for one in lines)
    if source.random() < 0.5:
        text = source.choice((*MUTATIONS[:5], _deep, _nonsense_in_json))(source, text)
    return kind, text


def _deep(source: random.Random, content: bytes) -> bytes:
    opening, closing = source.choice(((b"[", b"]"), (b'{"instances":', b"}"), (b'{"a":[', b"]}")))
    depth = source.choice((50, 900, 3000, 20_000))
    return opening * depth + content[:20] + closing * depth


def _nonsense_in_json(source: random.Random, content: bytes) -> bytes:
    word = source.choice(
        (
            b"NaN",
            b"-Infinity",
            b"9" * 6000,
            b"1e999999",
            b'"\\ud800"',
            b'"\xff"',
            b"\x00",
            b"\xef\xbb\xbf",
            b'"image":"",',
            b"{}[]",
            b"//",
            b"'",
        )
    )
    at = source.randrange(len(content) + 1)
    return content[:at] + word + content[at:]
