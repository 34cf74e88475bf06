"""S3's Signature Version 2: what boto3 makes of `generate_presigned_url` in us-east-1 unless it is told otherwise.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import hashlib
import hmac
from base64 import b64encode

from local_test.api.http_request import RequestHead

# Parameters of the query that are part of the resource, as botocore signs them.
SUBRESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    }
)
# Younger than this version, which does not cover them: whoever holds a signed URL could add them.
NOT_COVERED = frozenset(
    {"attributes", "encryption", "legal-hold", "ownershipControls", "policyStatus", "publicAccessBlock", "retention"}
)


def texts_to_sign(head: RequestHead, date: str) -> list[bytes]:
    """What may have been signed, in UTF-8. date: of the header, or the presigned URL's `Expires`.

    What a presigned URL has as x-amz-* parameters counts as headers. A bucket's path is signed with a slash at its end,
    which is not sent. Raises ValueError for a request that this version's signature does not cover."""
    parameters = head.parameters()
    headers = {name: value.encode("latin-1") for name, value in head.headers.items()}
    for name, value in parameters:
        if name in NOT_COVERED:
            raise ValueError(f"Signature Version 2 does not cover {name}. Sign with version 4.")
        signed = name.lower().startswith("x-amz-") or name.lower() in ("content-type", "content-md5")
        if signed and headers.setdefault(name.lower(), value.encode()) != value.encode():
            raise ValueError(f"{name} is in the query and, with another value, in the headers.")
    amazon = b"".join(
        b"%s:%s\n" % (name.encode(), headers[name].strip(b" \t"))
        for name in sorted(headers)
        if name.startswith("x-amz-")
    )
    if "x-amz-date" in headers and not date.isdecimal():
        date = ""
    resources = sorted(f"{name}={value}" if value else name for name, value in parameters if name in SUBRESOURCES)
    query = ("?" + "&".join(resources) if resources else "").encode()
    before = b"\n".join(
        [
            head.method.encode(),
            headers.get("content-md5", b""),
            headers.get("content-type", b""),
            date.encode("latin-1"),
            amazon + head.path.encode("latin-1"),
        ]
    )
    is_bucket = head.path != "/" and "/" not in head.path[1:]
    return [before + query, before + b"/" + query] if is_bucket else [before + query]


def signature(secret: str, text: bytes) -> str:
    """Base64 of the HMAC-SHA1: of a request's text, or of a form's policy."""
    return b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest()).decode()
