"""AWS's own host names, for requests that the interception brings: they are answered as if they had named this
service.

Forms of S3's names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

import re
from dataclasses import replace
from typing import Any

from local_test.api.http_request import RequestHead

# Where AWS's services are: https://docs.aws.amazon.com/general/latest/gr/rande.html. api.aws has those of IPv6.
DOMAINS = ("amazonaws.com", "amazonaws.com.cn", "api.aws")
REGION = "[a-z]{2}(?:-[a-z]+)+-[0-9]"
S3_HOST = re.compile(
    rf"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3(?:-fips|-accelerate|-external-1|-{REGION})?(?:\.dualstack)?(?:\.{REGION})?"
    r"\.(?:amazonaws\.com|amazonaws\.com\.cn)"
)


def is_aws_host(host: str) -> bool:
    """host: of a Host header or a CONNECT request, with its port or without."""
    name = _name(host)
    return any(name == domain or name.endswith(f".{domain}") for domain in DOMAINS)


def bucket_of(host: str) -> str | None:
    """The bucket that a Host header of S3 names; None for one that names none, or is not S3's."""
    found = S3_HOST.fullmatch(_name(host))
    return found["bucket"] if found else None


def path_style(head: RequestHead) -> RequestHead:
    """The same request with its bucket in the path. Its signature is about the other form."""
    bucket = bucket_of(head.headers.get("host", ""))
    if bucket is None:
        return head
    return replace(head, path=f"/{bucket}" if head.path == "/" else f"/{bucket}{head.path}")


def at_own_address(head: RequestHead, environ: dict[str, Any]) -> RequestHead:
    """The request in path style. Where it names one of AWS's hosts, `environ` then names this service's own.

    environ: of WSGI."""
    host = head.headers.get("host", "")
    if not is_aws_host(host):
        return head
    found = path_style(head)
    if bucket := bucket_of(host):
        path = environ["PATH_INFO"]
        environ["PATH_INFO"] = f"/{bucket}" if path == "/" else f"/{bucket}{path}"
    environ["REQUEST_URI"] = f"{found.path}?{found.query}" if found.query else found.path
    environ["HTTP_HOST"] = f"127.0.0.1:{environ['SERVER_PORT']}"
    return found


def _name(host: str) -> str:
    return host.lower().partition(":")[0].rstrip(".")
