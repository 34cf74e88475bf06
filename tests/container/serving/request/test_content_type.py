"""What functions are told of the header Content-Type, and the text that they are given."""

import pytest

from container.serving.request.content_type import bare, body_for_functions
from container.serving.request.request_errors import BadRequest, UnsupportedMediaType


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("application/json", "application/json"),
        ("Application/JSON", "application/json"),
        (" text/csv ;charset=x", "text/csv"),
        ("APPLICATION/X-NPY", "application/x-npy"),
        ("application/octet-stream;a=b", "application/octet-stream"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("multipart/form-data; boundary=X", "multipart/form-data; boundary=X"),
        ("application/jsonlines", "application/jsonlines"),
        ("application/json, text/csv", "application/json, text/csv"),
        ("", ""),
        (None, None),
    ],
)
def test_a_type_that_the_toolkit_knows_is_bare_and_any_other_as_it_came(header, known):
    assert bare(header) == known


@pytest.mark.parametrize(
    ("body", "header", "text"),
    [
        ("ä".encode(), "application/json", "ä"),
        ("ä".encode(), "application/json; charset=UTF8", "ä"),
        ("ä".encode("latin-1"), "text/csv; charset=latin1", "ä"),
        ("€".encode("cp1252"), "text/csv; charset=windows-1252", "€"),
        ("ä".encode("utf-16"), 'text/csv; charset="utf-16"', "ä"),
        (b"a", "text/csv; charset=us-ascii", "a"),
        (b"\xff", "image/jpeg", b"\xff"),
        (b"\xff", None, b"\xff"),
    ],
)
def test_the_text_is_decoded_by_its_charset_and_other_bodies_stay_bytes(body, header, text):
    assert body_for_functions(body, header)[0] == text


@pytest.mark.parametrize(
    "charset", ["klingon", "zip", "base64", "idna", "punycode", "unicode_escape", "\x00", "", "x" * 5000]
)
def test_a_charset_that_is_none_or_too_slow_is_a_415(charset):
    with pytest.raises(UnsupportedMediaType, match="Send UTF-8") as error:
        body_for_functions(b"1", f"text/csv; charset={charset}")
    assert len(error.value.message) < 200


@pytest.mark.parametrize(
    ("body", "header"),
    [(b"\xff", "application/json"), (b"\xe4", "text/csv; charset=ascii"), (b"\x00", "text/csv; charset=utf-16")],
)
def test_bytes_that_are_no_text_are_a_400(body, header):
    with pytest.raises(BadRequest, match="The body is not"):
        body_for_functions(body, header)
