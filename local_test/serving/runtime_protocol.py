"""The HTTP of SageMaker Runtime: what of a request reaches a container, what of it is refused, and the event stream
(application/vnd.amazon.eventstream) that InvokeEndpointWithResponseStream answers.

Names, headers and errors are those of botocore's sagemaker-runtime model:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Runtime.html
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from local_test.api.errors import InvocationTooLarge
from local_test.api.front import read_body
from local_test.serving.invocation import CUSTOM_ATTRIBUTES, BrokenStream
from local_test.serving.invoker import Parts

SAGEMAKER = "X-Amzn-SageMaker-"
PASSED_ON = (
    CUSTOM_ATTRIBUTES,
    *(SAGEMAKER + name for name in ("Inference-Id", "Session-Id", "Target-Variant", "Target-Container-Hostname")),
)
# Of endpoints that the local SageMaker does not have.
REFUSED = ("Enable-Explanations", "Prefix-Aware-Id")
# Those of the service model; `..` would lead out of a folder of this machine.
FILENAME = re.compile(r"(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_.]{0,31}")
OUTPUT_PATH_EXTENSION = re.compile(r"(?!s3:|https:|(.*/)?\.\.(/|$))[a-zA-Z0-9!_.*'()/-]{1,512}")
STRING = 7  # type of a header in the event stream


class RuntimeApiError(Exception):
    """An answer other than 2xx. fields: of the error's shape, beside its message."""

    def __init__(self, status: int, code: str, message: str, **fields: Any):
        super().__init__(message)
        self.status, self.code, self.body = status, code, {"Message": message, **fields}


class RuntimeRequest:
    """environ: of WSGI."""

    def __init__(self, environ: dict[str, Any]):
        self._environ = environ

    def header(self, name: str) -> str | None:
        """Of X-Amzn-SageMaker-...; None for one that is not there, or empty."""
        return self._environ.get(_key(SAGEMAKER + name)) or None

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        """A header's value, "" when it is not there. Raises RuntimeApiError when it does not match."""
        text = self.header(name) or ""
        if text and not pattern.fullmatch(text):
            raise validation_error(
                f"{name} must satisfy the regular expression pattern {pattern.pattern}, and is {text!r}."
            )
        return text

    def whole_number(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A header's value. Raises RuntimeApiError when it is none, or out of its range."""
        text = self.header(name)
        if text is None:
            return default
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise validation_error(f"{name} is a whole number from {lowest} to {highest}, not {text}.")
        return int(text)

    def body(self, largest: int) -> bytes:
        """Raises InvocationTooLarge, and what reading it raises."""
        if int(self._environ.get("CONTENT_LENGTH") or 0) > largest:
            raise InvocationTooLarge(largest)
        return read_body(self._environ)

    def headers_for_container(self) -> dict[str, str]:
        """Of InvokeEndpoint, whose Content-Type and Accept are HTTP's own. Raises RuntimeApiError."""
        return self._headers("CONTENT_TYPE", "HTTP_ACCEPT")

    def headers_of_a_stream(self) -> dict[str, str]:
        """Of InvokeEndpointWithResponseStream, whose Accept has a name of its own. Raises RuntimeApiError."""
        return self._headers("CONTENT_TYPE", _key(f"{SAGEMAKER}Accept"))

    def headers_of_an_object(self) -> dict[str, str]:
        """Of InvokeEndpointAsync, which says nothing in HTTP's own headers. Raises RuntimeApiError."""
        return self._headers(_key(f"{SAGEMAKER}Content-Type"), _key(f"{SAGEMAKER}Accept"))

    def _headers(self, content_type: str, accept: str) -> dict[str, str]:
        """content_type, accept: keys of the WSGI environment."""
        for name in REFUSED:
            if _key(SAGEMAKER + name) in self._environ:
                raise validation_error(
                    f"The local SageMaker does not support {SAGEMAKER}{name}. Remove it from the request."
                )
        headers = {name: self._environ[key] for name in PASSED_ON if (key := _key(name)) in self._environ}
        for name, key in (("Content-Type", content_type), ("Accept", accept)):
            if self._environ.get(key):
                headers[name] = self._environ[key]
        return headers


def validation_error(message: str) -> RuntimeApiError:
    return RuntimeApiError(400, "ValidationError", message)


class EventStream:
    """The body of a streaming answer, in frames. `close` gives the container's connection back, also when the caller
    goes away.
    """

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


def _key(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


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
