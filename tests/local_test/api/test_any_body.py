"""Bodies of any bytes: they are read, or refused in the API's own words; what was sent is what is read."""

import hashlib
import io
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from local_test.api import sigv4
from local_test.api.authentication import SIGNED_CHUNKS, UNSIGNED_CHUNKS, Signed
from local_test.api.errors import AccessRefused, ApiError
from local_test.api.http_request import json_object
from local_test.api.sigv4 import Scope
from local_test.api.streamed_body import decode
from local_test.host.identity import AccessKey
from tests.properties import repeatable

SIGNED = Signed(
    AccessKey("AKIA", "secret"), Scope("20260131", "us-east-1", "s3"), "20260131T000000Z", "0" * 64, SIGNED_CHUNKS[0]
)
UNSIGNED = replace(SIGNED, payload=UNSIGNED_CHUNKS)
CHUNKS = st.lists(st.binary(min_size=1, max_size=40))
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def chunked(chunks):
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks) + b"0\r\n"


def signed_chunks(chunks):
    body, previous = b"", SIGNED.signature
    for one in (*chunks, b""):
        digest = hashlib.sha256(one).hexdigest()
        previous = sigv4.chunk_signature(SIGNED.key.secret, SIGNED.scope, SIGNED.time, previous, digest)
        body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(one), previous.encode(), one)
    return body


@repeatable
@given(st.binary() | st.text().map(str.encode))
def test_any_body_is_json_or_refused_in_the_apis_words(body):
    try:
        json_object(body)
    except ApiError as error:
        assert error.code == "SerializationException"


@repeatable
@given(st.dictionaries(st.text(), JSON))
def test_a_request_is_read_as_it_was_sent(request):
    assert json_object(json.dumps(request).encode()) == request


@repeatable
@given(CHUNKS)
def test_chunks_are_put_together(chunks):
    target = io.BytesIO()
    assert decode(io.BytesIO(chunked(chunks)), target, UNSIGNED) == {}
    assert target.getvalue() == b"".join(chunks)


@repeatable
@given(CHUNKS)
def test_signed_chunks_are_put_together(chunks):
    target = io.BytesIO()
    decode(io.BytesIO(signed_chunks(chunks)), target, SIGNED)
    assert target.getvalue() == b"".join(chunks)


@repeatable
@given(CHUNKS, st.data())
def test_no_byte_of_signed_chunks_can_be_another(chunks, data):
    """But for the case of a digit of a size, and what no signature covers: the line ends."""
    body = bytearray(signed_chunks(chunks))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= 1 << data.draw(st.integers(0, 7))
    target = io.BytesIO()
    try:
        decode(io.BytesIO(bytes(body)), target, SIGNED)
    except AccessRefused:
        return
    assert target.getvalue() == b"".join(chunks)


@repeatable
@given(st.binary() | CHUNKS.map(chunked), st.sampled_from([SIGNED, UNSIGNED]))
def test_any_bytes_are_chunks_or_refused(body, signed):
    try:
        decode(io.BytesIO(body), io.BytesIO(), signed)
    except AccessRefused as error:
        assert str(error)
