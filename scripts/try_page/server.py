"""The server of the page: on loopback alone, for who has the token, and for no page but its own.

It holds the credentials and signs the requests; the page has none. A page of another origin that a browser shows could
send requests here, or have its own name lead here (DNS rebinding): so every request must name this machine as its host,
and those that reach the endpoint must have the token, which no other page and no other user of the machine knows."""

import json
import secrets
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripts.aws.invocation import Send
from scripts.try_page.answers import CUSTOM_ATTRIBUTES, ask

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
FILES = {f"/{one.name}": one for one in STATIC.iterdir() if one.suffix in TYPES} | {"/": STATIC / "index.html"}
HOSTS = ("127.0.0.1", "localhost", "[::1]")
# https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-test-endpoints.html
MAX_BYTES = 25 * 1024 * 1024
SECONDS = 60  # for a picture to arrive, from this machine
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src blob: data:; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class PageServer(ThreadingHTTPServer):
    """port: 0 for any that is free. facts: JSON for the page about the endpoint, no secrets."""

    daemon_threads = True

    def __init__(self, port: int, send: Send, facts: dict[str, str]):
        super().__init__(("127.0.0.1", port), _Handler)
        self.send, self.facts, self.token = send, facts, secrets.token_urlsafe(24)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # a browser that goes away is none

    @property
    def address(self) -> str:
        """Of the page. The token is behind #, which browsers keep to themselves."""
        return f"http://127.0.0.1:{self.server_port}/#{self.token}"


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "try-page", ""
    timeout = SECONDS
    server: PageServer

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the page says what goes wrong."""

    def _get(self) -> None:
        path = urlsplit(self.path).path
        if path == "/endpoint":
            self._check_token()
            self._send(
                HTTPStatus.OK, json.dumps({**self.server.facts, "max_bytes": MAX_BYTES}).encode(), "application/json"
            )
            return
        file = FILES.get(path)
        if file is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "There is nothing at this path.")
        self._send(HTTPStatus.OK, file.read_bytes(), TYPES[file.suffix])

    def _post(self) -> None:
        self._check_token()
        asked = urlsplit(self.path)
        output = parse_qs(asked.query).get("output", [""])[0]
        if asked.path != "/pictures" or output not in CUSTOM_ATTRIBUTES:
            raise _Refused(HTTPStatus.NOT_FOUND, "There is nothing at this path.")
        length = self._length()
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it has gone
            self.close_connection = True
            return
        content_type = self.headers.get("Content-Type") or "application/octet-stream"
        status, said = ask(self.server.send, body, content_type, output)
        self._send(HTTPStatus(status), json.dumps(said).encode(), "application/json")

    def _length(self) -> int:
        given = self.headers.get("Content-Length", "")
        if not (given.isascii() and given.isdecimal() and len(given) < 12):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "A picture is sent with its length.")
        if int(given) > MAX_BYTES:
            raise _Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The picture has {int(given) / 1024 / 1024:.0f} MB; an endpoint takes at most "
                f"{MAX_BYTES // 1024 // 1024} MB. Send a smaller one.",
            )
        return int(given)

    def _answered(self, work: Any) -> None:
        """A request that is refused may have a body that is not read: its connection ends."""
        try:
            self._check_host()
            work()
        except _Refused as refused:
            self.close_connection = True
            self._send(refused.status, json.dumps({"error": refused.sentence}).encode(), "application/json")

    def _check_host(self) -> None:
        host = self.headers.get("Host", "")
        if host.rpartition(":")[0] not in HOSTS and host not in HOSTS:
            raise _Refused(
                HTTPStatus.FORBIDDEN,
                f"The page is at http://127.0.0.1:{self.server.server_port}/ and answers under no other name. From "
                "another machine, forward its port: ssh -L.",
            )

    def _check_token(self) -> None:
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "same-origin")
        if site not in ("same-origin", "none") or origin not in (None, f"http://{self.headers['Host']}"):
            raise _Refused(HTTPStatus.FORBIDDEN, "Pages of other origins are not answered.")
        if not secrets.compare_digest(self.headers.get("X-Token", "").encode(), self.server.token.encode()):
            raise _Refused(
                HTTPStatus.FORBIDDEN,
                "This address lacks the token of this run, or has that of another. Open the address that was printed "
                "when the page was started, with all that is behind #.",
            )

    def _send(self, status: HTTPStatus, content: bytes, content_type: str) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
