"""An AWS that has trouble: an HTTP server before moto and the SageMaker of these tests. It hands every request on but
those that a test has trouble for.
"""

import http.client
import http.server
import os
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.scripts.trouble.error_answers import error_answer

# Of the name that a request is signed for, where boto3 has another for the service.
SERVICES = {"monitoring": "cloudwatch"}
S3 = {
    ("PUT", True): "PutObject",
    ("HEAD", True): "HeadObject",
    ("GET", True): "GetObject",
    ("HEAD", False): "HeadBucket",
    ("GET", False): "ListObjectsV2",
    ("PUT", False): "CreateBucket",
    ("POST", False): "DeleteObjects",
}
HOP = {"connection", "expect", "keep-alive", "transfer-encoding", "host", "content-length", "date", "server"}


@dataclass(frozen=True)
class Request:
    """key: the id of the access key that it is signed with. service: as boto3 names it."""

    service: str
    operation: str
    key: str
    path: str


@dataclass
class Trouble:
    """What becomes of an operation's requests.

    answer: status, headers and body, or None: the connection is reset. after: so many are answered well before; times:
    so many are not, None for all that follow. when: which requests count; all by default.
    """

    operation: str
    answer: Callable[[Request], tuple[int, dict, bytes] | None]
    after: int = 0
    times: int | None = None
    when: Callable[[Request], bool] = field(default=lambda request: True)
    met: int = 0

    def meets(self, request: Request) -> bool:
        if request.operation != self.operation or not self.when(request):
            return False
        self.met += 1
        return self.met > self.after and (self.times is None or self.met <= self.after + self.times)


class TroubledAws:
    """troubles: looked at in their order, the first that meets a request decides. calls: every request that came.

    busy_above: so many PutObject at once are taken; S3 has no time for more.
    """

    def __init__(self, moto: str, sagemaker: str):
        self._moto, self._sagemaker = urlsplit(moto).netloc, urlsplit(sagemaker).netloc
        self.troubles: list[Trouble] = []
        self.calls: list[Request] = []
        self.busy_above: int | None = None
        self.puts_at_once: list[int] = []
        self._under_way, self._lock = 0, threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refuse(
        self, operation: str, code: str, message: str = "Not now.", *, status: int | None = None, **more
    ) -> Trouble:
        """Answer with an error. more: of Trouble."""
        trouble = Trouble(operation, lambda request: error_answer(request.service, code, message, status), **more)
        self.troubles.append(trouble)
        return trouble

    def reset(self, operation: str, **more) -> None:
        """Cut the connection without an answer. more: of Trouble."""
        self.troubles.append(Trouble(operation, lambda request: None, **more))

    def made(self, operation: str) -> list[Request]:
        return [one for one in self.calls if one.operation == operation]

    def _meet(self, request: Request) -> Callable[[Request], tuple[int, dict, bytes] | None] | None:
        with self._lock:
            self.calls.append(request)
            return next((one.answer for one in self.troubles if one.meets(request)), None)

    def _answer(self, request: Request, method: str, headers, body: bytes) -> tuple[int, dict, bytes] | None:
        if trouble := self._meet(request):
            return trouble(request)
        if request.operation != "PutObject":
            return self._hand_on(request, method, headers, body)
        with self._lock:
            self._under_way += 1
            self.puts_at_once.append(self._under_way)
            too_many = self.busy_above is not None and self._under_way > self.busy_above
        try:
            if too_many:
                return error_answer("s3", "SlowDown", "Please reduce your request rate.", 503)
            return self._hand_on(request, method, headers, body)
        finally:
            with self._lock:
                self._under_way -= 1

    def _hand_on(self, request: Request, method: str, headers, body: bytes) -> tuple[int, dict, bytes]:
        host = self._sagemaker if request.service.startswith("sagemaker") else self._moto
        connection = http.client.HTTPConnection(host, timeout=30)
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP}
        try:
            connection.request(method, request.path, body, {**kept, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            content = answer.read()
            sent = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
            if method == "HEAD":
                sent["Content-Length"] = answer.getheader("Content-Length") or "0"
            return answer.status, sent, content
        finally:
            connection.close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        aws = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = read_request(self.command, self.path, self.headers, body)
                answer = aws._answer(request, self.command, self.headers, body)
                if answer is None:
                    # To wait for nothing when it is closed is to reset it.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    os.close(self.connection.detach())
                    self.close_connection = True
                    return
                status, headers, content = answer
                self.send_response_only(status)
                for name, value in {"Date": self.date_time_string(), **headers}.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_PUT = do_POST = do_HEAD = do_DELETE = do_GET

            def log_message(self, *arguments):
                pass

        return Handler


def read_request(method: str, path: str, headers, body: bytes) -> Request:
    """What a signed request asks of which service."""
    signed = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", headers.get("Authorization", ""))
    key, service = (signed[1], signed[2]) if signed else ("", "")
    service = SERVICES.get(service, service)
    parts = urlsplit(path)
    if service == "s3":
        has_key = "/" in parts.path.strip("/")
        operation = S3.get((method, has_key), method)
    elif target := headers.get("X-Amz-Target"):
        operation = target.rpartition(".")[2]
    elif "/operation/" in parts.path:
        operation = parts.path.rpartition("/")[2]
    else:
        operation = parse_qs(body.decode("latin-1")).get("Action", [method])[0]
    return Request(service, operation, key, path)
