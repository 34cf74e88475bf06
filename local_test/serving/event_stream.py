"""Frames of application/vnd.amazon.eventstream, as InvokeEndpointWithResponseStream answers.

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import struct
import zlib
from collections.abc import Iterator

from local_test.serving.invocation import BrokenStream
from local_test.serving.invoker import Parts

STRING = 7  # type of a header's value


class Frames:
    """The body of a streaming answer. `close` gives the container's connection back, also when the caller goes away."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._parts:
                yield payload_part(part)
        except BrokenStream as error:
            yield stream_error("ModelStreamError", error.message, error.code)

    def close(self) -> None:
        self._parts.close()


def payload_part(data: bytes) -> bytes:
    return _frame(
        {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}, data
    )


def stream_error(kind: str, message: str, code: str) -> bytes:
    """kind: ModelStreamError or InternalStreamFailure."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return _frame(headers, json.dumps({"Message": message, "ErrorCode": code}).encode())


def _frame(headers: dict[str, str], payload: bytes) -> bytes:
    named = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", STRING, len(value)) + value.encode()
        for name, value in headers.items()
    )
    # Total and header length, their checksum, headers, payload, and the checksum of all before it: 16 bytes around the
    # two.
    prelude = struct.pack("!II", len(named) + len(payload) + 16, len(named))
    checked = prelude + struct.pack("!I", zlib.crc32(prelude)) + named + payload
    return checked + struct.pack("!I", zlib.crc32(checked))
