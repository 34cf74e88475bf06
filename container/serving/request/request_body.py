"""The body of a request -> the pictures in it, opened and not decoded yet.

A picture by itself, or JSON that holds one (`{"image": "<base64>"}`) or many (`{"instances": [...]}`, as TensorFlow
Serving's API has it: https://www.tensorflow.org/tfx/serving/api_rest#encoding_binary_values), or JSON Lines with one on
each line."""

import binascii
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from container.pictures.preprocessing import UnreadablePicture, open_picture
from container.serving.request.request_errors import BadRequest, PayloadTooLarge, UnsupportedMediaType

# The bytes decide which picture it is: many clients send application/x-image with everything, or a type of their own.
PICTURE_TYPES = "image/"
BINARY_TYPES = ("application/octet-stream", "binary/octet-stream", "application/x-image", "application/binary")
JSON_TYPE = "application/json"
JSON_LINES_TYPES = ("application/jsonlines", "application/x-jsonlines", "application/x-ndjson")
DEFAULT_TYPE = "application/octet-stream"

MAX_PICTURES = 64  # in one request; other clients wait while it is computed
# in one of a batch transform job, where a MultiRecord payload is as many lines as fit, and no other client is
# there
MAX_BATCH_PICTURES = 1024
MAX_URLS = 8  # in one request: one after the other they must fit into the platform's 60 s
MAX_REQUEST_PIXELS = 250_000_000  # of all pictures of a request together: what bounds the time that it can take
# Brackets and commas: 64 pictures need some 200, and every part costs many times its byte in memory.
MAX_JSON_PARTS = 10_000

# What Pillow remarks on a client's damaged file is not this log's; and Python remembers every remark that it has shown,
# for ever.
warnings.filterwarnings("ignore", module=r"PIL\.")

SENT_AS = {"image": "the picture in base64", "b64": "the picture in base64", "url": "the picture's URL"}
Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class Body:
    """pictures: at least one, in the order of the request. many: whether the answer is a list, too, be it of one.

    names: what a message calls each of them, such as `instances[2]` or `Line 3`.
    """

    pictures: list[Image.Image]
    many: bool
    names: tuple[str, ...]


def read_body(body: bytes, content_type: str | None, fetch: Fetch | None, most_pictures: int = MAX_PICTURES) -> Body:
    """Open every picture of a request; their pixels are decoded when they are needed.

    content_type: the header as it came; None or "" is application/octet-stream. The type of a picture need not be the
    file's own. fetch: gets the bytes of a URL; None where URLs
    are not allowed. Raises UnsupportedMediaType (415), BadRequest (400) and PayloadTooLarge (413). One bad picture of
    many fails the request; the sentence says which."""
    body = bytes(body)  # a bytearray from the server otherwise
    media_type = (content_type or "").split(";")[0].strip().lower() or DEFAULT_TYPE
    if media_type.startswith(PICTURE_TYPES) or media_type in BINARY_TYPES:
        wanted, read = "the bytes of one picture", _of_picture
    elif media_type == JSON_TYPE:
        wanted, read = '{"image": "<base64>"} or {"instances": [...]}', _of_json
    elif media_type in JSON_LINES_TYPES:
        wanted, read = 'a line of {"image": "<base64>"} for each picture', _of_json_lines
    else:
        raise UnsupportedMediaType(
            f"Content-Type {_shown(media_type)} is not taken. Send image/jpeg or another picture's type, or one of "
            f"{', '.join((*BINARY_TYPES, JSON_TYPE, *JSON_LINES_TYPES))}."
        )
    if not body:
        raise BadRequest(f"The body is empty. Send {wanted}.")
    named, many = read(body)
    _check_counts(named, most_pictures)
    return Body(_opened(named, fetch), many, tuple(name for name, _ in named))


@dataclass(frozen=True)
class _Sent:
    """A picture before it is opened: its bytes, when they are asked for, or a URL."""

    content: Callable[[], bytes] | None = None
    url: str | None = None


def _check_counts(named: list[tuple[str, _Sent]], most_pictures: int) -> None:
    if not named:
        raise BadRequest("The request holds no picture. Send at least one.")
    if len(named) > most_pictures:
        raise BadRequest(f"The request holds {len(named)} pictures. Send at most {most_pictures} at once.")
    urls = sum(sent.url is not None for _, sent in named)
    if urls > MAX_URLS:
        raise BadRequest(f"The request holds {urls} URLs. Send at most {MAX_URLS} at once, or the pictures themselves.")


def _opened(named: list[tuple[str, _Sent]], fetch: Fetch | None) -> list[Image.Image]:
    pictures, pixels = [], 0
    for name, sent in named:
        try:
            picture = open_picture(_content(name, sent, fetch))
        except UnreadablePicture as error:
            raise BadRequest(f"{name} is {error}.") from error
        pixels += picture.width * picture.height
        if pixels > MAX_REQUEST_PIXELS:
            raise PayloadTooLarge(
                f"The request's pictures have more than {MAX_REQUEST_PIXELS:,} pixels together. Send fewer at once."
            )
        pictures.append(picture)
    return pictures


def _content(name: str, sent: _Sent, fetch: Fetch | None) -> bytes:
    if sent.content is not None:
        return sent.content()
    if fetch is None or sent.url is None:
        raise BadRequest(
            f"{name} is a URL, and this endpoint fetches none. Send the picture itself, or deploy with "
            "DOGBREED_ALLOW_URLS=true in the environment."
        )
    try:
        return fetch(sent.url)
    except (BadRequest, PayloadTooLarge) as error:
        raise type(error)(f"{name}: {error.message}") from error


def _of_picture(body: bytes) -> tuple[list[tuple[str, _Sent]], bool]:
    return [("The body", _Sent(lambda: body))], False


def _of_json(body: bytes) -> tuple[list[tuple[str, _Sent]], bool]:
    """Names and pictures; whether there may be many."""
    value = _parsed("The body", body)
    if not isinstance(value, dict):
        raise BadRequest('The body is JSON, but no object. Send {"image": "<base64>"} or {"instances": [...]}.')
    if "instances" not in value:
        return [_of_object("The body", value)], False
    if _sources(value):
        raise BadRequest('The body has "instances" and a picture beside it. Send one of the two.')
    instances = value["instances"]
    if not isinstance(instances, list):
        raise BadRequest('The value of "instances" is not a list. Send {"instances": [{"image": "<base64>"}, ...]}.')
    return [_of_instance(f"instances[{index}]", one) for index, one in enumerate(instances)], True


def _of_json_lines(body: bytes) -> tuple[list[tuple[str, _Sent]], bool]:
    """An empty line is none, as after the last newline."""
    _check_parts("The body", body)
    numbered = [(f"Line {number}", line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    return [_of_instance(name, _parsed(name, line)) for name, line in numbered], True


def _of_instance(name: str, value: object) -> tuple[str, _Sent]:
    if isinstance(value, str):
        return name, _of_base64(name, value)
    if not isinstance(value, dict):
        raise BadRequest(f'{name} is neither an object nor a string. Send {{"image": "<base64>"}}.')
    return _of_object(name, value)


def _of_object(name: str, value: dict[str, Any]) -> tuple[str, _Sent]:
    sources = _sources(value)
    if len(sources) != 1:
        found = "no picture" if not sources else f"{' and '.join(sources)} together"
        raise BadRequest(f'{name} has {found}. Send exactly one of "image" (base64), "b64" (base64) and "url".')
    [key] = sources
    if not isinstance(value[key], str):
        raise BadRequest(f'{name} has a value of "{key}" that is not a string. Send {SENT_AS[key]} as a string.')
    return name, _Sent(url=value[key]) if key == "url" else _of_base64(name, value[key])


def _sources(value: dict[str, Any]) -> list[str]:
    return [key for key in SENT_AS if key in value]


def _of_base64(name: str, text: str) -> _Sent:
    """Base64 (https://www.rfc-editor.org/rfc/rfc4648#section-4), or a data: URL of it
    (https://www.rfc-editor.org/rfc/rfc2397).
    """

    def content() -> bytes:
        encoded = text
        if text[:5].lower() == "data:":
            head, comma, encoded = text.partition(",")
            if not (comma and head.lower().endswith(";base64")):
                raise BadRequest(f"{name} is a data: URL that is not base64. Send data:image/jpeg;base64,...")
        try:
            if len(encoded) % 4:
                raise ValueError("padding, which binascii does not always miss")
            return binascii.a2b_base64(encoded, strict_mode=True)
        except ValueError as error:  # binascii.Error is one; not ASCII is another
            raise BadRequest(
                f"{name} is not base64. Encode it in the standard alphabet, with padding and without line breaks."
            ) from error

    return _Sent(content=content)


def _parsed(name: str, text: bytes) -> object:
    """JSON (https://www.rfc-editor.org/rfc/rfc8259) without what it leaves open: no NaN, no key twice."""
    _check_parts(name, text)
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_without_repetition)
    except UnicodeDecodeError as error:
        raise BadRequest(f"{name} is not UTF-8.") from error
    except _Refused as error:
        raise BadRequest(f"{name} is JSON with {error}.") from error
    except RecursionError as error:
        raise BadRequest(f"{name} is JSON that is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise BadRequest(f"{name} is not JSON: {error.msg} at character {error.pos}.") from error
    except ValueError as error:  # a number of thousands of digits
        raise BadRequest(f"{name} is JSON with a number that is too long.") from error


def _check_parts(name: str, text: bytes) -> None:
    if sum(text.count(mark) for mark in (b"[", b"{", b",", b"\n")) > MAX_JSON_PARTS:
        raise BadRequest(
            f"{name} is JSON of more than {MAX_JSON_PARTS:,} parts. Send fewer pictures, and nothing else."
        )


class _Refused(Exception):
    """What is wrong, as the end of a sentence."""


def _no_constant(name: str) -> None:
    raise _Refused(f"{name}, which JSON does not know")


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Refused("a key that stands twice in one object")
    return value


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
