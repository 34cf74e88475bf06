"""A registry in this process whose logins run out in the middle of a push, as ECR's do after twelve hours.

https://distribution.github.io/distribution/spec/api/
"""

import hashlib
import http.server
import itertools
import json
import threading
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

MESSAGE = "Your authorization token has expired. Reauthenticate and try again."


class ExpiringRegistry:
    """The first token is good for `blobs` blobs, later ones for all. refusal: status and code once it has run out; who
    has none is asked for one.

    arrived: the digest of every blob that was sent, in order. manifests: by path.
    """

    def __init__(self, blobs: int, refusal: tuple[int, str] = (401, "UNAUTHORIZED")):
        self._blobs, self._refusal = blobs, refusal
        self._token, self._left = "none", 0
        self._numbers, self._lock = itertools.count(), threading.Lock()
        self.arrived: list[str] = []
        self.manifests: dict[str, bytes] = {}
        self.refused = 0
        self._uploads: dict[str, bytes] = {}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def new_token(self) -> str:
        """Those before it have run out."""
        self._left = self._blobs if self._token == "none" else 1_000
        self._token = f"token-{next(self._numbers)}"
        return self._token

    def _is_let_in(self, authorization: str) -> bool:
        kind, _, word = authorization.partition(" ")
        return kind == "Basic" and b64decode(word).decode() == f"AWS:{self._token}" and self._left > 0

    def _answer(self, method: str, path: str, headers, body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            if not self._is_let_in(headers.get("Authorization", "")):
                self.refused += 1
                status, code = self._refusal if "Authorization" in headers else (401, "UNAUTHORIZED")
                error = {"errors": [{"code": code, "message": MESSAGE}]}
                asks = {"WWW-Authenticate": f'Basic realm="http://{self.host}/",service="ecr.amazonaws.com"'}
                return status, asks | {"Content-Type": "application/json"}, json.dumps(error).encode()
            parts = urlsplit(path)
            if "/manifests/" in parts.path:
                return self._manifest(method, parts.path, body)
            if method == "HEAD" and "/blobs/" in parts.path:
                return (200 if parts.path.rpartition("/")[2] in self.arrived else 404), {}, b""
            if method == "POST":
                place = f"{parts.path}{next(self._numbers)}"
                self._uploads[place] = b""
                return 202, {"Location": place, "Docker-Upload-UUID": place.rpartition("/")[2]}, b""
            if method in ("PATCH", "PUT"):
                self._uploads[parts.path] += body
                sent = self._uploads[parts.path]
                if method == "PATCH":
                    return 202, {"Location": parts.path, "Range": f"0-{len(sent) - 1}"}, b""
                [digest] = parse_qs(parts.query)["digest"]
                assert digest == f"sha256:{hashlib.sha256(sent).hexdigest()}"
                self.arrived.append(digest)
                self._left -= 1
                return 201, {"Location": parts.path, "Docker-Content-Digest": digest}, b""
            return 200, {}, b"{}"

    def _manifest(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "PUT":
            self.manifests[path] = body
        found = self.manifests.get(path)
        if found is None:
            return 404, {}, b""
        digest = f"sha256:{hashlib.sha256(found).hexdigest()}"
        return (201 if method == "PUT" else 200), {"Docker-Content-Digest": digest}, b"" if method == "PUT" else found

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, content = registry._answer(self.command, self.path, self.headers, self._body())
                self.send_response(status)
                self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_PUT = do_POST = do_HEAD = do_PATCH = do_GET

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = b""
                while size := int(self.rfile.readline(), 16):
                    found += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return found

            def log_message(self, *arguments):
                pass

        return Handler
