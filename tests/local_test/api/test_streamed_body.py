"""Bodies that are signed chunk by chunk, as SDKs of other languages send them. The first example is AWS's own."""

import hashlib
import io
from dataclasses import replace

import pytest

from local_test.api import sigv4
from local_test.api.authentication import SIGNED_CHUNKS, UNSIGNED_CHUNKS, Signed
from local_test.api.errors import AccessRefused, Why
from local_test.api.sigv4 import Scope
from local_test.api.streamed_body import decode
from local_test.host.identity import AccessKey

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html#example-signature-calculations-streaming
EXAMPLE = Signed(
    AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    Scope("20130524", "us-east-1", "s3"),
    "20130524T000000Z",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    SIGNED_CHUNKS[0],
)
CHUNKS = [
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]


def body(chunks=CHUNKS, letter=b"a") -> bytes:
    return b"".join(
        f"{size:x};chunk-signature={signature}\r\n".encode() + letter * size + b"\r\n" for size, signature in chunks
    )


def decoded(data: bytes, signed: Signed = EXAMPLE) -> tuple[bytes, dict]:
    target = io.BytesIO()
    headers = decode(io.BytesIO(data), target, signed)
    return target.getvalue(), headers


def test_awss_own_example_is_decoded():
    assert decoded(body()) == (b"a" * 66560, {})


@pytest.mark.parametrize(
    "changed",
    [
        body(letter=b"b"),
        body([(65535, CHUNKS[0][1]), *CHUNKS[1:]]),
        body([CHUNKS[1], CHUNKS[0], CHUNKS[2]]),
        body([(65536, "0" * 64), *CHUNKS[1:]]),
        body([CHUNKS[0], (0, CHUNKS[2][1])]),
        body().replace(b";chunk-signature=" + CHUNKS[1][1].encode(), b""),
    ],
)
def test_a_chunk_that_was_not_signed_so_is_refused(changed):
    with pytest.raises(AccessRefused) as refused:
        decoded(changed)
    assert refused.value.why is Why.WRONG_SIGNATURE


@pytest.mark.parametrize(
    "broken",
    [b"", b"zz;chunk-signature=0\r\n", body()[:1000], body(CHUNKS[:1]), b"x" * 5000, b"-5;chunk-signature=0\r\n"],
)
def test_a_body_that_is_not_made_of_chunks_is_refused(broken):
    with pytest.raises(AccessRefused):
        decoded(broken)


def with_trailer(line: bytes, signed: Signed, trailer_signature: str | None = None) -> bytes:
    content = b"hello"
    first = sigv4.chunk_signature(
        signed.key.secret, signed.scope, signed.time, signed.signature, hashlib.sha256(content).hexdigest()
    )
    last = sigv4.chunk_signature(signed.key.secret, signed.scope, signed.time, first, sigv4.EMPTY)
    made = sigv4.trailer_signature(
        signed.key.secret,
        signed.scope,
        signed.time,
        last,
        hashlib.sha256(b"x-amz-checksum-crc32:NhCmhg==\n").hexdigest(),
    )
    head = f"5;chunk-signature={first}\r\n".encode() + content + f"\r\n0;chunk-signature={last}\r\n".encode()
    return head + line + b"\r\nx-amz-trailer-signature:" + (trailer_signature or made).encode() + b"\r\n\r\n"


def test_what_comes_behind_the_body_is_signed_too():
    signed = replace(EXAMPLE, payload=SIGNED_CHUNKS[1])
    assert decoded(with_trailer(b"x-amz-checksum-crc32:NhCmhg==", signed), signed) == (
        b"hello",
        {"x-amz-checksum-crc32": "NhCmhg=="},
    )
    for changed in (
        with_trailer(b"x-amz-checksum-crc32:AAAAAA==", signed),
        with_trailer(b"x-amz-checksum-crc32:NhCmhg==", signed, "0" * 64),
    ):
        with pytest.raises(AccessRefused):
            decoded(changed, signed)


def test_unsigned_chunks_are_taken_where_the_request_says_so():
    signed = replace(EXAMPLE, payload=UNSIGNED_CHUNKS)
    assert decoded(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", signed) == (
        b"hello",
        {"x-amz-checksum-crc32": "NhCmhg=="},
    )
