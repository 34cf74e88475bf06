"""The header Content-Type as the functions of an inference.py compare it, and the text of a body that is text.

sagemaker-inference compares the header as it came: `application/json; charset=utf-8` and `Application/JSON` are unknown
to it, though they are the same type (https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1)."""

import codecs
from email.message import Message

from sagemaker_inference.content_types import CSV, JSON, NPY, NPZ, OCTET_STREAM, UTF8_TYPES

from container.serving.request.request_errors import BadRequest, UnsupportedMediaType

KNOWN = (JSON, CSV, NPY, NPZ, OCTET_STREAM)
# Python's names. It has more, but some of them (idna, punycode) take very long over a large body, and some are no text
# at all.
CHARSETS = ("utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16")


def bare(header: str | None) -> str | None:
    """`Application/JSON; charset=utf-8` -> `application/json`, for the types that the toolkit knows. Others as they
    came: they are the user's own, and some mean nothing without their parameters (multipart/form-data)."""
    media_type = (header or "").partition(";")[0].strip().lower()
    return media_type if media_type in KNOWN else header


def body_for_functions(body: bytes, header: str | None) -> tuple[str | bytes, str | None]:
    """Body and content type as the toolkit hands them to functions: text for JSON and CSV, bytes otherwise.

    header: Content-Type as it came. Raises BadRequest for bytes that are no text in the charset, UnsupportedMediaType
    for a charset that is not known."""
    content_type = bare(header)
    if content_type not in UTF8_TYPES:
        return body, content_type
    charset = _charset(header)
    try:
        return body.decode(charset), content_type
    except UnicodeDecodeError as error:
        name = "UTF-8" if charset == "utf-8" else charset
        raise BadRequest(f"The body is not {name}, as {content_type} must be: {error}.") from error


def _charset(header: str | None) -> str:
    parsed = Message()
    parsed["Content-Type"] = header or ""
    named = str(parsed.get_param("charset", "utf-8")).strip()
    try:
        charset = codecs.lookup(named).name
    except (LookupError, ValueError):  # a name with a zero in it is a ValueError
        charset = ""
    if charset not in CHARSETS:
        shown = named if len(named) <= 40 else f"{named[:40]}..."
        raise UnsupportedMediaType(f"The charset {shown} of Content-Type is not taken. Send UTF-8.")
    return charset
