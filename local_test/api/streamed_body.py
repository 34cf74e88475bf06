"""S3's `aws-chunked` bodies: taken apart into the object's bytes, with each chunk's signature checked.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and .../sigv4-streaming-trailers.html
"""

import hashlib
import hmac
import re
from typing import IO

from local_test.api import sigv4
from local_test.api.authentication import UNSIGNED_CHUNKS, Signed, wrong_signature
from local_test.api.errors import AccessRefused, Why

LONGEST_LINE = 1024  # bytes: size and signature of a chunk, or a header behind the last one
BLOCK = 1 << 20  # bytes
SIZE = re.compile("[0-9a-fA-F]{1,12}")


def decode(source: IO[bytes], target: IO[bytes], signed: Signed) -> dict[str, str]:
    """Write the object's bytes to `target`; returns the headers that come behind them (checksums), by name in lower
    case.

    Raises AccessRefused for a chunk that is not what was signed, or a body that is not made of chunks.
    """
    chunks_are_signed = signed.payload != UNSIGNED_CHUNKS
    previous = signed.signature
    while True:
        size, signature = _chunk_line(_line(source))
        digest = hashlib.sha256()
        left = size
        while left:
            block = source.read(min(BLOCK, left))
            if not block:
                raise _broken("it ends within a chunk")
            digest.update(block)
            target.write(block)
            left -= len(block)
        if chunks_are_signed:
            previous = _checked(
                sigv4.chunk_signature(signed.key.secret, signed.scope, signed.time, previous, digest.hexdigest()),
                signature,
            )
        if size == 0:
            return _trailer(source, signed, previous)
        if source.read(2) != b"\r\n":
            raise _broken("a chunk does not end where it says")


def _trailer(source: IO[bytes], signed: Signed, previous: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := _line(source):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    signature = headers.pop("x-amz-trailer-signature", "")
    if (signed.payload or "").endswith("-PAYLOAD-TRAILER") and signed.payload != UNSIGNED_CHUNKS:
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        digest = hashlib.sha256(lines.encode("latin-1")).hexdigest()
        _checked(sigv4.trailer_signature(signed.key.secret, signed.scope, signed.time, previous, digest), signature)
    return headers


def _chunk_line(line: str) -> tuple[int, str]:
    """`400;chunk-signature=abc` -> (1024, `abc`)."""
    size, _, extension = line.partition(";")
    if not SIZE.fullmatch(size):
        raise _broken(f"{line[:20]!r} is no size")
    return int(size, 16), extension.partition("chunk-signature=")[2]


def _line(source: IO[bytes]) -> str:
    """Without its end; empty at the end of the body too."""
    line = source.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise _broken("a line is too long")
    return line.decode("latin-1").rstrip("\r\n")


def _checked(expected: str, found: str) -> str:
    if not hmac.compare_digest(expected.encode(), found.encode()):
        raise wrong_signature()
    return expected


def _broken(what: str) -> AccessRefused:
    return AccessRefused(Why.OTHER_BODY, f"The aws-chunked body is broken: {what}.")
