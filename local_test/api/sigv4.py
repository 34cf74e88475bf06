"""AWS Signature Version 4, as pure functions: for headers, for presigned URLs and for the chunks of a streamed body.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and, for S3,
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from posixpath import normpath
from urllib.parse import quote, unquote_to_bytes

from local_test.api.http_request import RequestHead

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()
TIME = "%Y%m%dT%H%M%SZ"
UNRESERVED = "-_.~"
SPACES = re.compile("[ \t]+")
AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{{64}})"
)


@dataclass(frozen=True)
class Scope:
    """What a signing key is good for. date: `20260131`. service: in lower case; as_signed: as its client writes it."""

    date: str
    region: str
    service: str
    as_signed: str | None = None

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.as_signed or self.service}/aws4_request"


def credential(text: str) -> tuple[str, Scope]:
    """`KEY/20260131/us-east-1/s3/aws4_request` -> the key's id and its scope. Raises ValueError."""
    parts = text.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not all(parts):
        raise ValueError(f"{text!r} is no credential: it should look like KEY/20260131/us-east-1/s3/aws4_request.")
    return parts[0], Scope(parts[1], parts[2], parts[3].lower(), parts[3])


def moment(text: str) -> datetime:
    """`20260131T120000Z`. Raises ValueError."""
    return datetime.strptime(text, TIME).replace(tzinfo=UTC)


@lru_cache(maxsize=256)
def signing_key(secret: str, scope: Scope) -> bytes:
    """Good for a day, a region and a service."""
    key = b"AWS4" + secret.encode()
    for part in (scope.date, scope.region, scope.as_signed or scope.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def canonical_request(head: RequestHead, signed: list[str], payload: str, service: str) -> bytes:
    """signed: names of the signed headers, in the order in which the client lists them. payload: SHA-256 of the body,
    or what stands for it.

    Raises ValueError for a signed header that the request does not have.
    """
    missing = [name for name in signed if name not in head.headers]
    if missing:
        raise ValueError(f"The signed header {missing[0]} is not in the request.")
    headers = "".join(f"{name}:{_trimmed(head.headers[name])}\n" for name in signed)
    query = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (quote(name, safe=UNRESERVED), quote(value, safe=UNRESERVED))
            for name, value in head.parameters()
            if name != "X-Amz-Signature"
        )
    )
    return "\n".join(
        [head.method, canonical_path(head.path, service), query, headers, ";".join(signed), payload]
    ).encode("latin-1")


def _trimmed(value: str) -> str:
    """Without the spaces that do not count. Not `split`: bytes of UTF-8 may look like spaces of Latin-1."""
    return SPACES.sub(" ", value.strip(" \t"))


def canonical_path(path: str, service: str) -> str:
    """S3 signs the path as it means it, encoded once; every other service the path as sent, without dots, encoded once
    more.
    """
    if service == "s3":
        return quote(unquote_to_bytes(path), safe="/" + UNRESERVED) or "/"
    ends_in_slash = path.endswith("/") and path.strip("/")
    return quote(re.sub("^/+", "/", normpath("/" + path)) + ("/" if ends_in_slash else ""), safe="/" + UNRESERVED)


def request_signature(secret: str, scope: Scope, time: str, canonical: bytes) -> str:
    """time: `20260131T120000Z`. Returns 64 hexadecimal digits."""
    return signature(secret, scope, f"{ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}")


def chunk_signature(secret: str, scope: Scope, time: str, previous: str, chunk: str) -> str:
    """Of a chunk of a streamed body. previous: the signature before it, the first one the request's. chunk: SHA-256 of
    its bytes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    return signature(secret, scope, f"{ALGORITHM}-PAYLOAD\n{time}\n{scope}\n{previous}\n{EMPTY}\n{chunk}")


def trailer_signature(secret: str, scope: Scope, time: str, previous: str, trailer: str) -> str:
    """Of the headers behind a streamed body. trailer: SHA-256 of their canonical lines.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
    """
    return signature(secret, scope, f"{ALGORITHM}-TRAILER\n{time}\n{scope}\n{previous}\n{trailer}")


def signature(secret: str, scope: Scope, text: str) -> str:
    """Of any text, such as an S3 form's policy."""
    return hmac.new(signing_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


def sign(
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    key_id: str,
    secret: str,
    region: str,
    service: str,
    now: datetime,
) -> dict[str, str]:
    """The headers with a signature; they must have `host`. target: path and query, encoded."""
    time = now.astimezone(UTC).strftime(TIME)
    scope = Scope(time[:8], region, service)
    signed = {**headers, "x-amz-date": time}
    names = sorted(signed)
    canonical = canonical_request(
        RequestHead.of(method, target, signed), names, hashlib.sha256(body).hexdigest(), service
    )
    found = request_signature(secret, scope, time, canonical)
    return {
        **signed,
        "authorization": f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={';'.join(names)}, Signature={found}",
    }
