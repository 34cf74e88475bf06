"""A kept-alive connection to a server on loopback that costs next to nothing, since the client shares the server's
cores.
"""

import re
import socket

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"
PORT = 8080  # of every server
MOST_BYTES = 65536  # of an answer with its header


class Connection:
    """timeout: seconds to wait for an answer."""

    def __init__(self, timeout: float = 120):
        self._socket = socket.create_connection(("127.0.0.1", PORT), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._memory = bytearray(MOST_BYTES)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; returns the status and the body of the answer. Raises OSError when the server hangs
        up.
        """
        self._socket.sendall(request)
        have, end, whole, chunked = 0, -1, MOST_BYTES, False
        while have < whole:
            got = self._socket.recv_into(memoryview(self._memory)[have:])
            if not got:
                raise ConnectionResetError("the server ended the connection within an answer")
            have += got
            if end < 0 and (end := self._memory.find(b"\r\n\r\n", 0, have)) >= 0:
                chunked = CHUNKED.search(self._memory, 0, end) is not None
                length = LENGTH.search(self._memory, 0, end)
                assert chunked or length, f"an answer without its length: {bytes(self._memory[:end])}"
                whole = MOST_BYTES if chunked else end + 4 + int(length[1])
                assert whole <= MOST_BYTES, "an answer longer than a classifier's"
            if chunked and self._memory.endswith(LAST_CHUNK, end, have):
                return int(self._memory[9:12]), _joined(bytes(self._memory[end + 4 : have]))
        return int(self._memory[9:12]), bytes(self._memory[end + 4 : whole])

    def close(self) -> None:
        self._socket.close()


def _joined(chunks: bytes) -> bytes:
    """https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding"""
    body = b""
    while size := int((line := chunks.partition(b"\r\n"))[0].partition(b";")[0], 16):
        body, chunks = body + line[2][:size], line[2][size + 2 :]
    return body
