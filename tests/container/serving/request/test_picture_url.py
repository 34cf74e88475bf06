"""Pictures from URLs: which URLs are refused before anything is fetched."""

import time

import pytest

from container.serving.request.picture_url import Target, checked_addresses, fetch_picture, read_target
from container.serving.request.request_errors import BadRequest


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:image/png;base64,AAAA",
        "example.com/a.jpg",
        "//example.com/a",
        "",
        "http://",
        "http:///a",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:@example.com/",
        "http://example.com:22/",
        "http://example.com:8080/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:-1/",
        "http://example.com:80x/",
        "http://exa mple.com/",
        "http://example.com/a b",
        "http://example.com/\r\nHost: x",
        "http://example.com\\@localhost/",
        "http://[::1/",
        "http://a..b/",
        "http://" + "a" * 64 + ".com/",
        "http://example.com/" + "a" * 3000,
        "http://example.com/\x00",
        "http://[::1]]/",
        "http://\ud800/",
        "http://e.com/\ud800",
    ],
)
def test_what_is_no_url_of_a_web_server_is_refused(url):
    with pytest.raises(BadRequest) as error:
        read_target(url)
    assert error.value.message.endswith(".") and len(error.value.message) < 150


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("HTTP://Example.COM:443/a%20b?c=d#e", Target("http", "example.com", 443, "/a%20b?c=d")),
        ("https://bücher.example/ü?ß", Target("https", "xn--bcher-kva.example", 443, "/%C3%BC?%C3%9F")),
        ("http://[2606:4700::1111]:80//x//y", Target("http", "2606:4700::1111", 80, "//x//y")),
        ("http://１２７.０.０.１/", Target("http", "127.0.0.1", 80, "/")),
    ],
)
def test_a_url_is_taken_apart(url, target):
    assert read_target(url) == target


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "１２７.０.０.１",
        "localhost",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[fd00:ec2::254]",
        "0",
        "10.0.0.1",
        "[fe80::1%25lo]",
        "[fe80::1%lo]",
    ],
)
def test_every_spelling_of_an_inner_address_is_refused(host):
    started = time.monotonic()
    with pytest.raises(BadRequest):
        fetch_picture(f"http://{host}/latest/meta-data/")
    assert time.monotonic() - started < 4  # refused, not tried for 5 s


def test_one_inner_address_among_several_is_enough_to_refuse():
    target = Target("http", "localhost", 80, "/")
    seen = []
    assert checked_addresses(target, lambda address: seen.append(address) or True, time.monotonic() + 5) == seen
    with pytest.raises(BadRequest, match="does not point to a public address"):
        checked_addresses(target, lambda address: address != seen[-1], time.monotonic() + 5)
