#!/usr/bin/env python3
"""`serve` of the test image. The content type says what is answered; a record that is a command does something
first.
"""

import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOGETHER = int(os.environ.get("TOGETHER", "0"))  # requests that wait for each other
BARRIER = threading.Barrier(TOGETHER, timeout=60) if TOGETHER else None
LOCK = threading.Lock()
COUNTS = {"now": 0, "most": 0, "connections": 0}
TRIES: dict[str, int] = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path == "/execution-parameters" and "PARAMETERS" in os.environ:
            self.answer(200, os.environ["PARAMETERS"].encode())
        else:
            self.answer(200 if self.path == "/ping" and "NEVER_READY" not in os.environ else 404, b"")

    def do_POST(self):
        body = self.body()
        with LOCK:
            COUNTS["now"] += 1
            COUNTS["most"] = max(COUNTS["most"], COUNTS["now"])
        try:
            if BARRIER:
                BARRIER.wait()
            status, answer = self.made(body)
        except Exception as error:
            status, answer = 500, repr(error).encode()
        finally:
            with LOCK:
                COUNTS["now"] -= 1
        self.answer(status, answer)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def made(self, body):
        command, *rest = body[:1000].decode(errors="replace").split()[:3] or [""]
        os.write(1, f"request {command[:50]}\n".encode())  # in one piece, also from many threads
        if command == "bad":
            return 400, b"this record is bad"
        if command == "crash":
            print("the model is leaving now", flush=True)
            os._exit(int(rest[0]))
        if command == "hang":
            threading.Event().wait()
        if command == "busy":  # busy NAME TIMES: 503 so many times
            with LOCK:
                TRIES[rest[0]] = TRIES.get(rest[0], 0) + 1
            if TRIES[rest[0]] <= int(rest[1]):
                return 503, b"later"
        kind = self.headers.get("Content-Type")
        if kind == "test/describe":
            return 200, json.dumps(
                {
                    "size": len(body),
                    "lines": body.count(b"\n"),
                    "host": socket.gethostname(),
                    "most": COUNTS["most"],
                    "connections": COUNTS["connections"],
                    "accept": self.headers.get("Accept"),
                    "chunked": "Transfer-Encoding" in self.headers,
                }
            ).encode()
        if kind == "test/environment":
            model = "/opt/ml/model/name"
            return 200, json.dumps(
                {
                    **{name: value for name, value in os.environ.items() if name.startswith(("SAGEMAKER", "TEST"))},
                    "model": open(model).read() if os.path.exists(model) else None,
                }
            ).encode()
        if kind == "test/count":
            return 200, b"\n".join(b"%d" % len(line) for line in body.splitlines())
        return 200, body + os.environ.get("APPEND", "").encode()

    def answer(self, status, body):
        self.send_response(status)
        if "ANSWER_TYPE" in os.environ:
            self.send_header("Content-Type", os.environ["ANSWER_TYPE"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def process_request(self, request, client_address):
        COUNTS["connections"] += 1
        super().process_request(request, client_address)


def main():
    print("serve starts", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if "EXIT_AT_START" in os.environ:
        print("no such model", file=sys.stderr, flush=True)
        sys.exit(int(os.environ["EXIT_AT_START"]))
    Server(("0.0.0.0", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler).serve_forever()


main()
