"""Pictures from URLs: which addresses are refused, and what a hostile server can do. The servers are real ones, on
loopback.
"""

import ipaddress
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from container.serving.request import picture_url
from container.serving.request.picture_url import Target, checked_addresses, fetch_picture, read_target
from container.serving.request.public_address import is_public
from container.serving.request.request_errors import BadRequest, PayloadTooLarge

LOOPBACK = ipaddress.ip_address("127.0.0.1")


def only_loopback(address):
    """127.0.0.1 is where the tests' servers are; its neighbours and every other private address stay refused."""
    return address == LOOPBACK or is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.0.2",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_inside_is_refused(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "52.94.236.248",
        "172.32.0.1",
        "100.63.255.255",
        "100.128.0.1",
        "2606:4700::1111",
        "2a00:1450:4001::1",
    ],
)
def test_a_public_address_is_taken(address):
    assert is_public(ipaddress.ip_address(address))


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
    assert time.monotonic() - started < 2  # refused, not tried


def test_one_inner_address_among_several_is_enough_to_refuse():
    target = Target("http", "localhost", 80, "/")
    seen = []
    assert checked_addresses(target, lambda address: seen.append(address) or True, time.monotonic() + 5) == seen
    with pytest.raises(BadRequest, match="does not point to a public address"):
        checked_addresses(target, lambda address: address != seen[-1], time.monotonic() + 5)


@contextmanager
def server(answer, seconds=20.0, tls=None, **limits):
    """A web server on 127.0.0.1 whose every request `answer(handler)` answers. Yields (base URL, requests so far,
    fetch).
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            with suppress(OSError):  # the client has gone, as it should
                answer(self)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.daemon_threads, served.block_on_close = True, False
        served.handle_error = lambda *_: None  # a client that left during the TLS handshake
        if tls:
            served.socket = tls.wrap_socket(served.socket, server_side=True)
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = served.server_address[1]
        try:
            yield (
                f"http{'s' if tls else ''}://127.0.0.1:{port}",
                asked,
                lambda url: fetch_picture(url, only_loopback, {80, 443, port}, seconds, **limits),
            )
        finally:
            served.shutdown()
            thread.join()


def respond(handler, status=200, body=b"", headers=()):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def test_a_picture_is_fetched_without_cookies_and_past_any_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with server(
        lambda handler: respond(
            handler, body=b"picture" * 1000, headers=[("Content-Length", "7000"), ("Set-Cookie", "a=b")]
        )
    ) as (url, asked, fetch):
        assert fetch(f"{url}/a?b=c") == b"picture" * 1000
        [(path, headers)] = asked
        assert path == "/a?b=c" and headers["Host"] == url.removeprefix("http://")
        assert not {"Cookie", "Authorization"} & headers.keys()


def test_three_redirects_are_followed_and_a_fourth_is_not():
    def hop(handler):
        number = int(handler.path[1:])
        respond(handler, 302, headers=[("Location", str(number - 1))]) if number else respond(handler, body=b"here")

    with server(hop) as (url, asked, fetch):
        assert fetch(f"{url}/3") == b"here"
        asked.clear()
        with pytest.raises(BadRequest, match="redirected more than 3 times"):
            fetch(f"{url}/9")
        assert len(asked) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.2/",
        "http://[::1]/",
        "file:///etc/passwd",
        "http://2852039166/",
        "//127.0.0.2/",
        "http://localhost:22/",
        "",
    ],
)
def test_a_redirect_to_an_inner_address_is_refused(location):
    """An empty one leads back to the same URL, again and again."""
    with server(lambda handler: respond(handler, 307, headers=[("Location", location)])) as (url, asked, fetch):
        with pytest.raises(BadRequest):
            fetch(url)
        assert len(asked) == (4 if location == "" else 1)


@pytest.mark.parametrize("length", [None, "5", "999999999"])
def test_bytes_are_counted_and_the_announced_length_is_not_believed(length):
    def endless(handler):
        respond(handler, headers=[("Content-Length", length)] if length else [])
        for _ in range(200):
            handler.wfile.write(bytes(10_000))

    with server(endless, max_bytes=100_000) as (url, _, fetch):
        if length == "5":
            assert fetch(url) == bytes(5)  # what follows is not read
        else:
            with pytest.raises(PayloadTooLarge, match=r"larger than 0.1 MB"):
                fetch(url)


@pytest.mark.parametrize("where", ["headers", "body", "first byte"])
def test_a_server_that_drips_is_left_when_the_time_is_over(where):
    def drip(handler):
        if where == "first byte":
            time.sleep(3)
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if where == "body" else b"X-Drip: "))
        for _ in range(60):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    with server(drip, seconds=0.5) as (url, _, fetch):
        started = time.monotonic()
        with pytest.raises(BadRequest, match=r"did not answer within 0.5 s"):
            fetch(url)
        assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 404 secret\r\n\r\nsecret",
        b"HTTP/1.1 500 secret\r\n\r\nsecret",
        b"HTTP/1.1 204 No\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\n\r\n",
        b"HTTP/1.1 99999 x\r\n\r\n",
        b"\xff" * 70_000,
    ],
)
def test_a_broken_answer_is_the_clients_error_and_quotes_nothing_of_it(answer):
    with server(lambda handler: handler.wfile.write(answer)) as (url, _, fetch):
        with pytest.raises(BadRequest) as error:
            fetch(url)
        assert error.value.message.endswith(".") and "secret" not in error.value.message


def test_a_server_that_is_not_there_is_the_clients_error():
    with server(lambda handler: None) as (url, _, fetch):
        pass
    with pytest.raises(BadRequest, match="could not be read"):
        fetch(url)


def test_a_plain_server_behind_https_is_no_answer():
    with (
        server(lambda handler: respond(handler, body=b"x")) as (url, _, fetch),
        pytest.raises(BadRequest, match="could not be read"),
    ):
        fetch(url.replace("http:", "https:"))


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """Makes a certificate for a name; returns its server's TLS context. The client trusts the first one."""

    def make(subject: str) -> ssl.SSLContext:
        files = [str(tmp_path / f"{subject}.{kind}") for kind in ("key", "pem")]
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=test",
                "-addext",
                f"subjectAltName={subject}",
                "-keyout",
                files[0],
                "-out",
                files[1],
            ],
            check=True,
            capture_output=True,
        )
        if not trusted:
            trusted.append(files[1])
            monkeypatch.setenv("SSL_CERT_FILE", files[1])
            picture_url._tls.cache_clear()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[1], files[0])
        return context

    trusted = []
    yield make
    picture_url._tls.cache_clear()


def test_https_is_read_when_the_certificate_is_the_hosts_own(certificate):
    with server(lambda handler: respond(handler, body=b"safe"), tls=certificate("IP:127.0.0.1")) as (url, _, fetch):
        assert fetch(url) == b"safe"


def test_a_certificate_of_another_host_and_one_that_nobody_trusts_are_refused(certificate):
    for tls in (certificate("DNS:example.com"), certificate("IP:127.0.0.1")):
        with server(lambda handler: respond(handler, body=b"x"), tls=tls) as (url, asked, fetch):
            with pytest.raises(BadRequest, match="could not be read"):
                fetch(url)
            assert asked == []
