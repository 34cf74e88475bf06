"""Pictures from URLs: what a hostile server can do. The servers are real ones, on loopback."""

import ssl
import subprocess
import time

import pytest

from container.serving.request import picture_url
from container.serving.request.request_errors import BadRequest, PayloadTooLarge
from tests.container.serving.request.picture_server import respond, server


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
            time.sleep(4)
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"\r\n" if where == "body" else b"X-Drip: "))
        for _ in range(160):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    with server(drip, seconds=0.5) as (url, _, fetch):
        started = time.monotonic()
        with pytest.raises(BadRequest, match=r"did not answer within 0.5 s"):
            fetch(url)
        assert time.monotonic() - started < 3.5


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
