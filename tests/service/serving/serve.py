#!/usr/bin/env python3
"""`serve` of the test image: what it does is said by its environment and, request by request, by JSON bodies with
"do".
"""

import json
import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODELS = {}  # name -> folder, of a multi-model container
WITHOUT_WORKER = set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = float(os.environ.get("IDLE_SECONDS", "300"))

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path == "/models":
            self.answer(200, json.dumps({"models": [{"modelName": name} for name in MODELS]}).encode())
            return
        if self.path.startswith("/models/"):
            name = self.path.split("/")[2]
            told = [{"modelName": name, "workers": [] if name in WITHOUT_WORKER else [{"id": "1", "status": "READY"}]}]
            self.answer(200 if name in MODELS else 404, json.dumps(told).encode())
            return
        self.answer(503 if os.environ.get("NEVER_READY") else 200, b"")

    def do_DELETE(self):
        print(f"unloads {self.headers['X-Amzn-SageMaker-Target-Model']}", flush=True)
        WITHOUT_WORKER.discard(self.path.split("/")[2])
        self.answer(200 if MODELS.pop(self.path.split("/")[2], None) else 404, b"")

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        if length > int(os.environ.get("MOST_BYTES", 2**40)):  # as nginx does it: the body stays unread
            self.close_connection = True
            self.answer(413, b"too large", "text/plain")
            self.wfile.flush()
            return
        body = self.rfile.read(length)
        if self.path == "/models":
            self.load(json.loads(body))
            return
        if self.path.startswith("/models/"):
            self.folder = MODELS.get(self.path.split("/")[2])
            if self.folder is None:
                self.answer(404, b"not loaded")
                return
            if self.path.split("/")[2] in WITHOUT_WORKER:
                self.answer(503, b"no worker")
                return
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        do = asked.get("do") if isinstance(asked, dict) else None
        if do is None and "APPEND" in os.environ:
            self.answer(200, body + os.environ["APPEND"].encode(), f"text/{os.environ['APPEND']}")
        elif do is None:
            self.answer(200, body, self.headers["Content-Type"])
        else:
            getattr(self, do)(asked)

    def load(self, asked):
        """With a file of the model that says how: the status and the seconds that it takes."""
        name, target = asked["model_name"], self.headers["X-Amzn-SageMaker-Target-Model"]
        how = Path(asked["url"], "how")
        status, seconds = how.read_text().split() if how.exists() else ("200", "0")
        time.sleep(float(seconds))
        if name in MODELS:
            status = "409"
        elif len(MODELS) >= int(os.environ.get("MOST_MODELS", "99")):
            status = "507"
        print(f"loads {target}: {status}", flush=True)
        if status == "200":
            MODELS[name] = asked["url"]
        self.answer(int(status), b"the model is odd", "text/plain")

    def model_name(self, asked):
        told = {"name": Path(self.folder, "name").read_text(), "header": self.headers["X-Amzn-SageMaker-Target-Model"]}
        self.answer(200, json.dumps({**told, "folder": self.folder, "loaded": len(MODELS)}).encode())

    def lose_workers(self, asked):
        WITHOUT_WORKER.update(MODELS)
        self.answer(200, b"")

    def lose_all(self, asked):
        MODELS.clear()
        self.answer(200, b"")

    def environment(self, asked):
        self.answer(200, json.dumps(dict(os.environ)).encode())

    def who(self, asked):
        self.answer(200, json.dumps({"who": os.environ.get("WHO", ""), "host": socket.gethostname()}).encode())

    def status(self, asked):
        self.answer(asked["status"], asked.get("body", "").encode(), "text/plain")

    def headers_back(self, asked):
        given = {name.lower(): value for name, value in self.headers.items()}
        self.answer(
            200,
            json.dumps(given).encode(),
            "application/json",
            {"X-Amzn-SageMaker-Custom-Attributes": "from the model"},
        )

    def open_session(self, asked):
        session = f"{socket.gethostname()}; Expires=2099-01-01T00:00:00Z"
        self.answer(200, socket.gethostname().encode(), "text/plain", {"X-Amzn-SageMaker-New-Session-Id": session})

    def sleep(self, asked):
        time.sleep(asked["seconds"])
        self.answer(200, os.environ.get("WHO", "slept").encode())

    def exit(self, asked):
        print("the model is leaving now", flush=True)
        os._exit(asked["status"])

    def write_model(self, asked):
        self.touch({"path": "/opt/ml/model/written"})

    def touch(self, asked):
        try:
            Path(asked["path"]).touch()
            self.answer(200, b"written")
        except OSError as error:
            self.answer(200, str(error).encode())

    def read_model(self, asked):
        self.answer(200, Path("/opt/ml/model", asked["file"]).read_bytes())

    def connect(self, asked):
        try:
            socket.create_connection((asked["host"], asked["port"]), timeout=2).close()
            self.answer(200, b"connected")
        except OSError as error:
            self.answer(200, f"no way: {error}".encode())

    def stream(self, asked):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in asked["parts"]:
            data = part.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
            time.sleep(asked.get("seconds", 0))
        if asked.get("break"):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, status, body, content_type="application/json", headers=None):
        self.send_response(status)
        self.send_header("Content-Type", content_type or "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def main():
    print(f"serve of {os.environ.get('WHO', 'nobody')} starts", flush=True)
    if "EXIT_AT_START" in os.environ:
        print("no such model", file=sys.stderr, flush=True)
        sys.exit(int(os.environ["EXIT_AT_START"]))
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler)
    server.daemon_threads = True
    import signal

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever()


main()
