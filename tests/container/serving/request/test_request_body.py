"""Bodies of every media type, and what is wrong with them."""

import base64
import io
import json
import time

import pytest
from PIL import Image

from container.serving.request.request_body import MAX_JSON_PARTS, MAX_PICTURES, MAX_URLS, read_body
from container.serving.request.request_errors import BadRequest, PayloadTooLarge, RequestError, UnsupportedMediaType


def picture(kind="JPEG", size=(120, 90), **options) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


JPEG = picture()
TEXT = base64.b64encode(JPEG).decode()


def as_json(value) -> bytes:
    return json.dumps(value).encode()


def read(body, content_type="application/json", fetch=None):
    return read_body(body, content_type, fetch)


def refused(body, content_type="application/json", fetch=None, error=BadRequest) -> str:
    with pytest.raises(RequestError) as raised:
        read_body(body, content_type, fetch)
    assert type(raised.value) is error and raised.value.message.endswith(".") and len(raised.value.message) < 500
    return raised.value.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    "content_type",
    [
        "image/{}",
        "application/x-image",
        "application/octet-stream",
        "binary/octet-stream",
        None,
        "",
        "IMAGE/JPEG; q=1",
        "image/jpg",
        "image/pjpeg",
        "image/x-ms-bmp",
        "image/heic",
        "image/*",
        "image/svg+xml",
    ],
)
def test_a_picture_by_itself_is_opened_whatever_its_type_says(kind, content_type):
    body = read(picture(kind), content_type.format(kind.lower()) if content_type else content_type)
    assert [one.format for one in body.pictures] == [kind] and body.many is False


def test_a_server_may_hand_over_a_bytearray():
    assert read(bytearray(JPEG), "image/jpeg").pictures[0].size == (120, 90)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-npy",
        "application/x-pickle",
        "text/csv",
        "video/mp4",
        "image",
        "multipart/form-data",
        "json",
        "/",
        "\x00",
        "a" * 9000,
    ],
)
def test_another_content_type_is_a_415_that_names_those_that_are_taken(content_type):
    message = refused(JPEG, content_type, error=UnsupportedMediaType)
    assert "image/jpeg" in message and "application/json" in message and "application/jsonlines" in message


@pytest.mark.parametrize("kind", ["ICO", "PPM", "EPS", "PCX", "SGI", "TGA", "ICNS", "JPEG2000", "DDS"])
def test_formats_that_nobody_takes_pictures_in_are_never_opened(kind):
    assert "use JPEG, PNG, " in refused(picture(kind), "image/jpeg")


@pytest.mark.parametrize(
    ("value", "count", "many"),
    [
        ({"image": TEXT}, 1, False),
        ({"b64": TEXT}, 1, False),
        ({"image": f"data:image/jpeg;base64,{TEXT}"}, 1, False),
        ({"image": TEXT, "comment": [1, None, {"a": 1.5}]}, 1, False),
        ({"instances": [TEXT]}, 1, True),
        ({"instances": [TEXT, {"image": TEXT}, {"b64": TEXT}, {"image": f"DATA:image/png;BASE64,{TEXT}"}]}, 4, True),
        ({"signature_name": "serving_default", "instances": [{"b64": TEXT}] * 64}, 64, True),
    ],
)
def test_json_holds_one_picture_or_many(value, count, many):
    body = read(as_json(value))
    assert len(body.pictures) == count and body.many is many and all(one.size == (120, 90) for one in body.pictures)


@pytest.mark.parametrize(
    "content_type", ["application/jsonlines", "application/x-ndjson", "application/jsonlines; charset=utf-8"]
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n"])
def test_json_lines_hold_a_picture_on_each_line(content_type, newline):
    body = read(newline.join([as_json({"image": TEXT}), as_json({"b64": TEXT}), as_json(TEXT), b""]), content_type)
    assert len(body.pictures) == 3 and body.many is True
    assert read(as_json({"image": TEXT}), content_type).many is True


def test_pictures_keep_the_order_of_the_request():
    sizes = [(20 + number, 30) for number in range(30)]
    body = read(as_json({"instances": [base64.b64encode(picture(size=size)).decode() for size in sizes]}))
    assert [one.size for one in body.pictures] == sizes


def test_a_bad_picture_of_many_fails_the_request_by_its_index():
    assert refused(as_json({"instances": [TEXT, TEXT, "AAAA"]})).startswith(
        "instances[2] is not a picture in any known format; use JPEG, "
    )
    assert refused(
        b"\n".join([as_json({"image": TEXT}), b"", as_json({"image": "AAAA"})]), "application/jsonlines"
    ).startswith("Line 3 is ")
    assert refused(as_json({"image": "AAAA"})).startswith("The body is not a picture in any known format; use JPEG, ")


@pytest.mark.parametrize(
    ("content_type", "hint"),
    [
        ("image/jpeg", "the bytes of one picture"),
        (None, "the bytes of one picture"),
        ("application/json", '{"image": "<base64>"} or {"instances": [...]}'),
        ("application/jsonlines", 'a line of {"image": "<base64>"} for each picture'),
    ],
)
def test_an_empty_body_is_refused_with_what_its_type_would_hold(content_type, hint):
    assert refused(b"", content_type) == f"The body is empty. Send {hint}."


def test_json_lines_without_a_picture_are_refused():
    assert "no picture" in refused(b"\n \n", "application/jsonlines")


@pytest.mark.parametrize(
    "text",
    [
        "AA",
        "AAAA=",
        "AA=A",
        "A",
        "====",
        "AAAA\n",
        " AAAA",
        "AA-_",
        "ÄÄÄÄ",
        "data:image/jpeg,AAAA",
        "data:;base64",
        "data:",
        "AAAA" * 5 + "*",
    ],
)
def test_base64_is_strict(text):
    message = refused(as_json({"instances": [TEXT, text]}))
    assert message.startswith("instances[1] is ") and "base64" in message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"image": NaN}', "NaN"),
        (b'{"x": -Infinity}', "-Infinity"),
        (b'{"image": "AAAA", "image": "AAAA"}', "twice"),
        (b'{"instances": [{"image": "", "image": ""}]}', "twice"),
        (b'{"x": 1e999999}', "no picture"),
        (b'{"x": ' + b"9" * 100_000 + b"}", "too long"),
        (b"[" * 9000 + b"]" * 9000, "nested too deeply"),
        (b'{"a":' * 9000 + b"1" + b"}" * 9000, "nested too deeply"),
        (b'"AAAA"', "no object"),
        (b"[]", "no object"),
        (b"null", "no object"),
        (b"1", "no object"),
        (b"{}", "no picture"),
        (b'{"image": 1}', "not a string"),
        (b'{"image": null}', "not a string"),
        (b'{"image": {"b64": "AAAA"}}', "not a string"),
        (b'{"url": []}', "not a string"),
        (b'{"image": "AAAA", "url": "http://x/"}', "image and url together"),
        (b'{"instances": {}}', "not a list"),
        (b'{"instances": "AAAA"}', "not a list"),
        (b'{"instances": []}', "no picture"),
        (b'{"instances": [[]]}', "neither"),
        (b'{"instances": [1]}', "neither"),
        (b'{"instances": [{}]}', "instances[0] has no picture"),
        (b'{"instances": ["AAAA"], "image": "AAAA"}', "one of the two"),
        (b'{"image": "\\ud800"}', "not base64"),
        (b'{"image": "AAAA"} {}', "not JSON"),
        (b"{'image': 'AAAA'}", "not JSON"),
        (b'{"image": "\x00"}', "not JSON"),
        (b" ", "not JSON"),
        (b"\x00", "not JSON"),
    ],
)
def test_json_that_is_no_request_is_refused_in_a_sentence(body, said):
    assert said in refused(body)
    refused(body, "application/jsonlines")


def test_too_many_pictures_are_refused():
    assert "65 pictures. Send at most 64" in refused(as_json({"instances": [TEXT] * (MAX_PICTURES + 1)}))
    refused(b"\n".join([as_json(TEXT)] * (MAX_PICTURES + 1)), "application/jsonlines")


@pytest.mark.parametrize("unit", [b"[],", b'{"a":{}},', b"1,", b"\n", b'"",'])
@pytest.mark.parametrize("content_type", ["application/json", "application/jsonlines"])
def test_json_of_millions_of_parts_is_refused_before_it_is_taken_apart(unit, content_type):
    """Taken apart, 25 MB of them are a gigabyte."""
    body = b'{"instances": [' + unit * (24_000_000 // len(unit)) + b"0]}"
    started = time.process_time()
    assert f"more than {MAX_JSON_PARTS:,} parts" in refused(body, content_type)
    assert time.process_time() - started < 2


def test_pictures_that_are_too_many_pixels_together_are_refused():
    blank = base64.b64encode(picture(size=(9000, 8000), quality=20)).decode()
    assert len(read(as_json({"instances": [blank] * 3})).pictures) == 3
    assert "250,000,000 pixels together" in refused(as_json({"instances": [blank] * 4}), error=PayloadTooLarge)


def test_urls_are_refused_with_the_switch_that_allows_them():
    for body in ({"url": "https://example.com/a.jpg"}, {"instances": [{"url": "https://example.com/a.jpg"}]}):
        assert "ALLOW_URLS=true" in refused(as_json(body))


def test_urls_are_fetched_where_they_are_allowed():
    asked = []
    fetch = lambda url: asked.append(url) or JPEG  # noqa: E731
    assert read(as_json({"url": "https://a/"}), fetch=fetch).many is False
    assert len(read(as_json({"instances": [TEXT, {"url": "https://b/"}]}), fetch=fetch).pictures) == 2
    read(as_json({"url": "https://c/"}) + b"\n", "application/jsonlines", fetch)
    assert asked == ["https://a/", "https://b/", "https://c/"]


def test_too_many_urls_are_refused_before_one_is_fetched():
    body = as_json({"instances": [{"url": "https://a/"}] * (MAX_URLS + 1)})
    assert "9 URLs. Send at most 8" in refused(body, fetch=lambda url: pytest.fail("it was fetched"))


@pytest.mark.parametrize("error", [BadRequest, PayloadTooLarge])
def test_a_url_that_cannot_be_fetched_is_named_by_its_index(error):
    def fetch(url):
        raise error("The picture's URL is of no use.")

    message = refused(as_json({"instances": [TEXT, {"url": "https://a/"}]}), fetch=fetch, error=error)
    assert message == "instances[1]: The picture's URL is of no use."
