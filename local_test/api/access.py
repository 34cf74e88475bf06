"""Which requests are obeyed: those of programs that hold a key, with the body that they signed. Everything else is
answered with 403.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any
from weakref import WeakSet

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from local_test.api import streamed_body
from local_test.api.authentication import OF_SIGNATURES, SIGNED_CHUNKS, UNSIGNED_CHUNKS, Find, Signed, authenticate
from local_test.api.aws_hosts import path_style
from local_test.api.callers import check_caller
from local_test.api.error_answer import Protocol, protocol_of
from local_test.api.errors import AccessRefused, InvocationTooLarge, RequestTooLarge, SerializationException, Why
from local_test.api.form_policy import authenticate_form
from local_test.api.http_request import RequestHead

LARGEST_MESSAGE = 8 * 1024**2  # bytes of a request that is no picture and no object
LARGEST_INVOCATION = (
    25 * 1024**2
)  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
LARGEST_FORM, MOST_FORMS = 64 * 1024**2, 8  # bytes with the file in it, which moto reads into memory; at a time
BLOCK = 1 << 20  # bytes
FORM = "multipart/form-data"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Examined:
    """What a request's head says. refused: why it is not obeyed. signed: None for a refused one, and for a form, whose
    fields are in its body.

    largest_body: bytes that are wanted, None without a limit.
    """

    service: str
    protocol: Protocol
    signed: Signed | None = None
    refused: AccessRefused | None = None
    largest_body: int | None = 0


class Access:
    """hosts: what a Host header may say; the port is known only when the server listens. clock: the time, with its
    zone.
    """

    def __init__(self, find: Find, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        self.hosts: frozenset[str] = frozenset()
        self._find, self._clock = find, clock
        self._forms: WeakSet[Examined] = WeakSet()  # those that somebody is still sending, or that are being answered

    def examine(self, head: RequestHead) -> Examined:
        """Before the body is received; it never raises. It runs in the one thread that receives all requests."""
        try:
            check_caller(head, self.hosts)
            if _is_form(head):
                return self._form()
            signed = authenticate(head, self._find, self._clock())
            return Examined(
                signed.service, protocol_of(head, signed.service), signed, None, _largest_body(path_style(head), signed)
            )
        except AccessRefused as refused:
            return Examined("", protocol_of(head, ""), refused=refused)
        except Exception:  # nobody is let in by a fault of ours
            logger.exception("%s %s cannot be examined", head.method, head.path)
            return Examined(
                "",
                protocol_of(head, ""),
                refused=AccessRefused(Why.INCOMPLETE, "The request's signature cannot be read."),
            )

    def _form(self) -> Examined:
        """Who sends a form is known only when it is here: few at a time are received."""
        if len(self._forms) >= MOST_FORMS:
            raise AccessRefused(
                Why.FORBIDDEN, f"{MOST_FORMS} forms are being uploaded already. Try again, or use PutObject."
            )
        form = Examined("s3", Protocol.S3, None, None, LARGEST_FORM)
        self._forms.add(form)
        return form

    def checked_body(self, examined: Examined, head: RequestHead, environ: dict[str, Any]) -> IO[bytes]:
        """The body, from its start: what was signed, taken out of its chunks. Its headers in `environ` follow.

        Raises AccessRefused for another body than the one that was signed, and for one that was too large to be
        received InvocationTooLarge or RequestTooLarge."""
        if examined.refused:
            raise examined.refused
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if examined.largest_body is not None and length > examined.largest_body:
            if _is_invocation(head, examined.service):
                raise InvocationTooLarge(examined.largest_body)
            raise RequestTooLarge(
                f"The body has {length} bytes, and the local SageMaker takes at most {examined.largest_body} in a "
                "request of this kind. Bring large data to S3, and name it in the request."
            )
        source = environ["wsgi.input"]
        if examined.signed is None:
            return self._checked_form(head, environ, source, length)
        if examined.signed.payload in (UNSIGNED_CHUNKS, *SIGNED_CHUNKS):
            return _taken_apart(examined.signed, environ, source)
        if examined.signed.covers_body:
            examined.signed.check_body(_sha256(source))
            source.seek(0)
        return source

    def _checked_form(self, head: RequestHead, environ: dict[str, Any], source: IO[bytes], length: int) -> IO[bytes]:
        kind, options = parse_options_header(head.headers["content-type"])
        try:
            _, fields, files = FormDataParser(max_form_memory_size=LARGEST_MESSAGE, silent=False).parse(
                source, kind, length, options
            )
        except (ValueError, RequestEntityTooLarge) as error:
            raise SerializationException(f"The form is broken: {error}") from error
        sizes = []
        for name, file in files.items(multi=True):
            sizes.append((name, file.stream.seek(0, os.SEEK_END)))
            file.close()
        authenticate_form(list(fields.items(multi=True)), sizes, head.path.strip("/"), self._find, self._clock())
        source.seek(0)
        return source


def _is_form(head: RequestHead) -> bool:
    """S3's form upload: a POST to a bucket whose signature is in its fields."""
    return (
        head.method == "POST"
        and "authorization" not in head.headers
        and not head.query
        and "/" not in head.path.strip("/")
        and head.headers.get("content-type", "").startswith(FORM)
    )


def _is_invocation(head: RequestHead, service: str) -> bool:
    return service == "sagemaker" and head.path.startswith("/endpoints/")


def _largest_body(head: RequestHead, signed: Signed) -> int | None:
    if _is_invocation(head, signed.service):
        return LARGEST_INVOCATION
    if signed.service == "s3" and is_upload(head):
        return None
    return LARGEST_MESSAGE


def is_upload(head: RequestHead) -> bool:
    """Whether the body is an object, or a part of one: of any size, and nothing that is to be read."""
    plain = all(
        name in ("partNumber", "uploadId", "x-id", *OF_SIGNATURES) or name.lower().startswith("x-amz-")
        for name, _ in head.parameters()
    )
    return head.method == "PUT" and "/" in head.path.strip("/") and plain


def _sha256(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _taken_apart(signed: Signed, environ: dict[str, Any], source: IO[bytes]) -> IO[bytes]:
    target = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        trailer = streamed_body.decode(source, target, signed)
        size = target.tell()
        stated = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH")
        if stated is not None and stated != str(size):
            raise AccessRefused(
                Why.OTHER_BODY, f"x-amz-decoded-content-length is {stated}, and the body has {size} bytes."
            )
    except BaseException:
        target.close()
        raise
    target.seek(0)
    encodings = [one.strip() for one in environ.get("HTTP_CONTENT_ENCODING", "").split(",")]
    environ |= {
        "CONTENT_LENGTH": str(size),
        "HTTP_X_AMZ_CONTENT_SHA256": "UNSIGNED-PAYLOAD",
        "HTTP_CONTENT_ENCODING": ",".join(one for one in encodings if one != "aws-chunked"),
        **{
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in trailer.items()
            if name.startswith("x-amz-checksum-")
        },
    }
    if not environ["HTTP_CONTENT_ENCODING"]:
        del environ["HTTP_CONTENT_ENCODING"]
    return target
