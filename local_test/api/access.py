"""Which requests are obeyed: those of programs that hold a key, with the body that they signed. Everything else is answered with 403."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import IO

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from local_test.api import streamed_body
from local_test.api.access_refused import AccessRefused, Why
from local_test.api.authentication import SIGNED_CHUNKS, UNSIGNED_CHUNKS, Find, Signed, authenticate
from local_test.api.callers import check_caller
from local_test.api.error_answer import Protocol, protocol_of
from local_test.api.errors import InvocationTooLarge, RequestTooLarge, SerializationException
from local_test.api.form_policy import authenticate_form
from local_test.api.request_head import RequestHead

LARGEST_MESSAGE = 8 * 1024**2  # bytes of a request that is no picture and no object
LARGEST_INVOCATION = 25 * 1024**2  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
LARGEST_FORM = 256 * 1024**2  # with the file in it, which moto reads into memory
BLOCK = 1 << 20  # bytes
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Examined:
    """What a request's head says. refused: why it is not obeyed. signed: None for a refused one, and for a form, whose fields are in its body.

    largest_body: bytes that are wanted, None without a limit; a body whose length is not known is taken where takes_chunks.
    """

    service: str
    protocol: Protocol
    signed: Signed | None = None
    refused: AccessRefused | None = None
    largest_body: int | None = 0
    takes_chunks: bool = False


class Access:
    """hosts: what a Host header may say; the port is known only when the server listens. clock: the time, with its zone."""

    def __init__(self, find: Find, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)):
        self.hosts: frozenset[str] = frozenset()
        self._find, self._clock = find, clock

    def examine(self, head: RequestHead) -> Examined:
        """Before the body is received; it never raises."""
        try:
            check_caller(head, self.hosts)
            if _is_form(head):
                return Examined("s3", Protocol.S3, None, None, LARGEST_FORM, True)
            signed = authenticate(head, self._find, self._clock())
            return Examined(signed.service, protocol_of(head, signed.service), signed, None, _largest_body(head, signed), True)
        except AccessRefused as refused:
            return Examined("", protocol_of(head, ""), refused=refused)

    def checked_body(self, examined: Examined, head: RequestHead, environ: dict) -> IO[bytes]:
        """The body, from its start: what was signed, taken out of its chunks. Its headers in `environ` follow.

        Raises AccessRefused for another body than the one that was signed, and for one that was too large to be received
        InvocationTooLarge or RequestTooLarge.
        """
        if examined.refused:
            raise examined.refused
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if examined.largest_body is not None and length > examined.largest_body:
            if _is_invocation(head, examined.service):
                raise InvocationTooLarge(examined.largest_body)
            raise RequestTooLarge(f"The body has {length} bytes; here at most {examined.largest_body} are taken.")
        source = environ["wsgi.input"]
        if examined.signed is None:
            return self._checked_form(head, environ, source, length)
        if examined.signed.payload in (UNSIGNED_CHUNKS, *SIGNED_CHUNKS):
            return _taken_apart(examined.signed, environ, source)
        examined.signed.check_body(_sha256(source))
        source.seek(0)
        return source

    def _checked_form(self, head: RequestHead, environ: dict, source: IO[bytes], length: int) -> IO[bytes]:
        kind, options = parse_options_header(head.headers["content-type"])
        try:
            _, fields, files = FormDataParser(max_form_memory_size=LARGEST_MESSAGE, silent=False).parse(source, kind, length, options)
        except ValueError as error:
            raise SerializationException(f"The form is broken: {error}") from error
        file = files.get("file")
        size = len(fields.get("file", "").encode())
        if file:
            size = file.stream.seek(0, os.SEEK_END)
            file.close()
        authenticate_form(fields, head.path.strip("/"), size, self._find, self._clock())
        source.seek(0)
        return source


def _is_form(head: RequestHead) -> bool:
    """S3's form upload: a POST to a bucket whose signature is in its fields."""
    return (
        head.method == "POST" and "authorization" not in head.headers and not head.query and "/" not in head.path.strip("/")
        and head.headers.get("content-type", "").startswith(FORM)
    )


def _is_invocation(head: RequestHead, service: str) -> bool:
    return service == "sagemaker" and head.path.startswith("/endpoints/")


def _largest_body(head: RequestHead, signed: Signed) -> int | None:
    if _is_invocation(head, signed.service):
        return LARGEST_INVOCATION
    if signed.service == "s3" and "/" in head.path.strip("/"):
        return None
    return LARGEST_MESSAGE


def _sha256(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := source.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _taken_apart(signed: Signed, environ: dict, source: IO[bytes]) -> IO[bytes]:
    target = tempfile.TemporaryFile()
    try:
        trailer = streamed_body.decode(source, target, signed)
        size = target.tell()
        stated = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH")
        if stated is not None and stated != str(size):
            raise AccessRefused(Why.OTHER_BODY, f"x-amz-decoded-content-length is {stated}, and the body has {size} bytes.")
    except BaseException:
        target.close()
        raise
    target.seek(0)
    encodings = [one.strip() for one in environ.get("HTTP_CONTENT_ENCODING", "").split(",")]
    environ |= {
        "CONTENT_LENGTH": str(size), "HTTP_X_AMZ_CONTENT_SHA256": "UNSIGNED-PAYLOAD",
        "HTTP_CONTENT_ENCODING": ",".join(one for one in encodings if one != "aws-chunked"),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in trailer.items() if name.startswith("x-amz-checksum-")},
    }
    if not environ["HTTP_CONTENT_ENCODING"]:
        del environ["HTTP_CONTENT_ENCODING"]
    return target
