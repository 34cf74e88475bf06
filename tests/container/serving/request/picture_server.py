"""A web server on loopback."""

import ipaddress
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from container.serving.request.picture_url import fetch_picture
from container.serving.request.public_address import is_public

LOOPBACK = ipaddress.ip_address("127.0.0.1")


def only_loopback(address):
    """127.0.0.1 is where the tests' servers are; its neighbours and every other private address stay refused."""
    return address == LOOPBACK or is_public(address)


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
