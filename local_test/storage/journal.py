"""What was asked of the small services (ecr, iam, scaling, alarms, bucket settings), asked again at the next start.

Moto keeps them in memory only. Their requests are few and small, so the requests are the record. What comes back is
what was asked for, not every word of the answers: times and generated ids (a role's id, an access key, the ARN of a
scaling policy) are made anew."""

import base64
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from moto.s3.responses import S3Response
from werkzeug.test import Client

from local_test.storage.json_lines import JsonLines, read_lines

logger = logging.getLogger(__name__)

READS = (
    "Describe",
    "List",
    "Get",
    "Head",
    "BatchGet",
    "BatchCheck",
    "Filter",
    "Test",
    "Simulate",
    "Validate",
    "Decode",
    "Assume",
    "StartQuery",
    "StopQuery",
)
# What other files of this package keep, or what lies in the registry.
KEPT_ELSEWHERE = {
    "logs": {"CreateLogGroup", "CreateLogStream", "DeleteLogGroup", "DeleteLogStream", "PutLogEvents"},
    "monitoring": {"PutMetricData"},
    "ecr": {"PutImage", "BatchDeleteImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"},
}
# Of the headers, what moto decides by. Signatures and session tokens stay out of the file.
HEADERS = ("host", "content-type", "content-encoding", "smithy-protocol", "x-amz-target", "x-moto-account-id")
BUCKET_HEADERS = ("x-amz-acl", "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled", "x-amz-content-sha256")
CREDENTIAL = re.compile(r"Credential=([^,\s]+)")


@dataclass(frozen=True)
class Request:
    """A request as it is written down. path: as it was sent, percent-encoded. body: base64."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str


class Journal:
    """One JSON line a request, appended. Safe to use from many threads."""

    def __init__(self, path: Path):
        self._lines = JsonLines(path)

    def record(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, status: int) -> None:
        """Write the request down when it changed something; call it after moto's answer, for every request that moto
        got.

        path: as sent, percent-encoded (werkzeug's environ["RAW_URI"] up to '?'). query: without '?'. headers: any case.
        status: of moto's answer.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        if 200 <= status < 300 and is_recorded(method, path, query, lower, body):
            kept = {name: lower[name] for name in (*HEADERS, *BUCKET_HEADERS) if name in lower}
            kept["authorization"] = (
                f"AWS4-HMAC-SHA256 Credential={'/'.join(_scope(lower))}, SignedHeaders=host, Signature=none"
            )
            self._lines.append(asdict(Request(method, path, query, kept, base64.b64encode(body).decode())))

    def replay(self, app: Callable[..., Any]) -> int:
        """Send what was written down to the WSGI application, in order; returns how many requests it took.

        Objects, buckets and log groups must be restored before: some settings are about them.
        """
        client, taken = Client(app), 0
        for request in still_needed(Request(**line) for line in read_lines(self._lines.path)):
            try:
                answer = client.open(
                    method=request.method,
                    path=request.path,
                    query_string=request.query,
                    headers=request.headers,
                    data=base64.b64decode(request.body),
                )
                status = answer.status_code
                answer.close()
            except Exception:  # one request that this moto cannot take must not keep the service from starting
                logger.exception("%s %s was taken once and is not any more", request.method, request.path)
                continue
            taken += 200 <= status < 300
        return taken


def is_recorded(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request, answered well, changed something that only moto's memory has. headers: names in lower case."""
    scope = _scope(headers)
    service = scope[3] if len(scope) == 5 else ""
    if service == "s3":
        return method in ("PUT", "DELETE") and _is_about_a_bucket(path, headers.get("host", ""))
    operation = "".join(operation_names(path, query, headers, body))
    if not service or (method in ("GET", "HEAD", "OPTIONS") and not operation):
        return False
    return not operation.startswith(READS) and operation not in KEPT_ELSEWHERE.get(service, ())


def operation_names(path: str, query: str, headers: Mapping[str, str], body: bytes) -> set[str]:
    """{'CreateRole'}, in whichever of AWS's protocols it was asked; nothing where only method and path say it.

    Each of the places in which moto may find a name counts, whatever the content type: clients name one operation, in
    one of them. https://smithy.io/2.0/aws/protocols/index.html"""
    names = set(parse_qs(query).get("Action", []))  # query
    if b"Action=" in body:
        names |= set(parse_qs(body.decode(errors="replace")).get("Action", []))
    if target := headers.get("x-amz-target"):  # JSON
        names.add(target.rpartition(".")[2])
    if "/operation/" in path:  # Smithy RPC v2
        names.add(path.rpartition("/operation/")[2])
    return names


def still_needed(requests: Iterable[Request]) -> list[Request]:
    """Without what was asked of buckets that were deleted later: a new bucket of that name does not inherit."""
    kept: list[Request] = []
    for request in requests:
        is_s3 = "/s3/aws4_request" in request.headers["authorization"]
        if is_s3 and request.method == "DELETE" and not request.query:
            where = (request.path, request.headers.get("host", "") if request.path == "/" else "")
            kept = [earlier for earlier in kept if not _is_bucket(earlier, *where)]
        else:
            kept.append(request)
    return kept


def _is_bucket(request: Request, path: str, host: str) -> bool:
    same_host = not host or request.headers.get("host", "").partition(":")[0] == host.partition(":")[0]
    return (
        "/s3/aws4_request" in request.headers["authorization"]
        and request.path.rstrip("/") == path.rstrip("/")
        and same_host
    )


def _is_about_a_bucket(path: str, host: str) -> bool:
    if S3Response.subdomain_based_buckets(SimpleNamespace(headers={"host": host}, url="")):
        return path in ("", "/")
    return "/" not in path.strip("/")


def _scope(headers: Mapping[str, str]) -> list[str]:
    """Key id, date, region, service and 'aws4_request' of a signed request; [] or less of an unsigned one."""
    found = CREDENTIAL.search(headers.get("authorization", ""))
    return found[1].split("/") if found else []
