"""The proxy between a client and AWS's hosts, and every other host, over real sockets and real TLS."""

import http.client
import socket
import ssl
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local_test.host.trusted_certificates import certificates_in
from local_test.interception.certificates import CertificateAuthority
from local_test.interception.proxy import Proxy
from local_test.interception.settings import AUTHORITY_FILE
from local_test.interception.upstream import Upstream
from tests.local_test.interception.other_host import certificate

PASSWORD = "secret"
STS = "sts.us-east-1.amazonaws.com"
LARGE = 5_000_000  # bytes, beyond every buffer on the way


def authorization(user: str) -> dict[str, str]:
    return {"Proxy-Authorization": f"Basic {b64encode(user.encode()).decode()}"}


KNOWN = authorization(f"local-sagemaker:{PASSWORD}")


class Api(BaseHTTPRequestHandler):
    """Says which host was asked for, and sends the body back."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("X-Host", self.headers["Host"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def served():
    """served(handler, tls=None) -> port of an HTTP server on loopback."""
    servers = []

    def serve(handler, tls=None):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def proxied(tmp_path, served):
    """proxied(upstream) -> a proxy whose API is Api."""
    started = []

    def start(upstream=Upstream()):  # noqa: B008 (it is frozen)
        proxy = Proxy(CertificateAuthority.of(tmp_path), PASSWORD, served(Api), 0, upstream)
        started.append(proxy)
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def trusting(tmp_path):
    CertificateAuthority.of(tmp_path)
    return ssl.create_default_context(cadata=certificates_in((tmp_path / AUTHORITY_FILE).read_text())[0])


def through(proxy, host, context, headers=KNOWN, port=443):
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=20, context=context)
    connection.set_tunnel(host, port, headers=headers)
    return connection


def answer(proxy, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while block := connection.recv(65536):
            received += block
        return received


@pytest.fixture
def no_lookup(monkeypatch):
    """No name is looked up while this is in force: whatever asks for one fails."""

    def refuse(host, *arguments, **options):
        raise AssertionError(f"{host} was looked up")

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **o: (real if host == "127.0.0.1" else refuse)(host, *rest, **o)
    )


def test_a_host_of_aws_s_is_answered_by_the_api_and_never_looked_up(proxied, trusting, no_lookup):
    connection = through(proxied(), STS, trusting)
    for size in (0, 3, LARGE):  # one connection for all
        connection.request("POST", "/", b"x" * size)
        response = connection.getresponse()
        assert (response.status, response.headers["X-Host"], len(response.read())) == (200, STS, size)
    connection.close()


def test_who_does_not_trust_the_authority_sends_nothing(proxied):
    with pytest.raises(ssl.SSLCertVerificationError):
        through(proxied(), STS, ssl.create_default_context()).request("POST", "/", b"x")


@pytest.mark.parametrize("headers", [{}, authorization("local-sagemaker:wrong"), authorization(f"other:{PASSWORD}")])
@pytest.mark.parametrize("host", [STS, "localhost"])
def test_who_does_not_know_the_password_is_served_nothing(proxied, trusting, headers, host):
    with pytest.raises(OSError, match="407"):
        through(proxied(), host, trusting, headers).request("POST", "/", b"x")


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET http://sts.amazonaws.com/ HTTP/1.1\r\nHost: sts.amazonaws.com\r\n\r\n", b"405"),
        (b"POST / HTTP/1.1\r\nOrigin: http://evil.example\r\n\r\n", b"405"),
        (b"CONNECT nowhere HTTP/1.1\r\n\r\n", b"405"),
        (b"\x16\x03\x01\r\n\r\n", b"405"),
        (b"CONNECT a:443 HTTP/1.1\r\nX: " + b"x" * 70_000, b"431"),
    ],
)
def test_what_is_no_connect_is_answered_with_a_sentence(proxied, request_head, status):
    answered = answer(proxied(), request_head)
    assert answered.startswith(b"HTTP/1.1 " + status) and answered.endswith(b".\n")


def test_aws_has_no_other_port_here(proxied):
    head = f"CONNECT {STS}:22 HTTP/1.1\r\nProxy-Authorization: {KNOWN['Proxy-Authorization']}\r\n\r\n"
    assert answer(proxied(), head.encode()).startswith(b"HTTP/1.1 403")


@pytest.fixture
def elsewhere(tmp_path_factory, served):
    """Port of an https:// server that is not ours, and a context that trusts its certificate alone."""
    file = tmp_path_factory.mktemp("elsewhere") / "host.pem"
    file.write_bytes(certificate("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return served(Api, context), ssl.create_default_context(cadata=certificates_in(file.read_text())[0])


def test_another_host_s_own_certificate_comes_through(proxied, elsewhere):
    port, trusting_it = elsewhere
    connection = through(proxied(), "localhost", trusting_it, port=port)
    connection.request("POST", "/", b"x" * LARGE)
    response = connection.getresponse()
    assert response.status == 200 and len(response.read()) == LARGE
    connection.close()


def test_another_host_is_reached_through_the_proxy_that_was_there_before(proxied, elsewhere, tmp_path):
    port, trusting_it = elsewhere
    upstream = proxied()
    second = proxied(Upstream(f"http://local-sagemaker:{PASSWORD}@127.0.0.1:{upstream.port}"))
    connection = through(second, "localhost", trusting_it, port=port)
    connection.request("POST", "/", b"x")
    assert connection.getresponse().read() == b"x"
    connection.close()


@pytest.mark.parametrize(
    ("upstream", "said"),
    [
        (Upstream(), "localhost:1 cannot be reached: "),
        (Upstream("http://127.0.0.1:1"), "cannot be reached through the proxy 127.0.0.1: "),
        (Upstream("socks5://127.0.0.1:1"), "socks5:// is not supported here"),
        (Upstream("http://wrong:user@127.0.0.1:{port}"), "refuses localhost:1: 407"),
    ],
)
def test_a_host_that_cannot_be_reached_is_named_with_the_reason(proxied, upstream, said):
    other = proxied()
    proxy = proxied(Upstream(upstream.proxy.format(port=other.port)))
    head = f"CONNECT localhost:1 HTTP/1.1\r\nProxy-Authorization: {KNOWN['Proxy-Authorization']}\r\n\r\n"
    answered = answer(proxy, head.encode()).decode()
    assert answered.startswith("HTTP/1.1 502") and said in answered


def test_stop_hangs_up_on_everybody_and_frees_the_port(proxied, trusting):
    proxy = proxied()
    connection = through(proxy, STS, trusting)
    connection.request("POST", "/", b"x")
    connection.getresponse().read()
    with socket.create_connection(("127.0.0.1", proxy.port)) as silent:
        proxy.stop()
        assert silent.recv(1) == b""
    socket.create_server(("127.0.0.1", proxy.port)).close()
    connection.close()
