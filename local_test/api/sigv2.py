"""S3's Signature Version 2: what boto3 makes of `generate_presigned_url` in us-east-1 unless it is told otherwise.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
"""

import hashlib
import hmac
from base64 import b64encode

from local_test.api.request_head import RequestHead

# Parameters of the query that are part of the resource.
SUBRESOURCES = frozenset({
    "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "encryption", "inventory", "legal-hold", "lifecycle", "location", "logging",
    "metrics", "notification", "object-lock", "ownershipControls", "partNumber", "policy", "policyStatus", "publicAccessBlock", "replication",
    "requestPayment", "restore", "retention", "select", "select-type", "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId",
    "versioning", "versions", "website", "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires",
})


def text_to_sign(head: RequestHead, date: str) -> str:
    """date: of the header, or the presigned URL's `Expires`. What a presigned URL has as x-amz-* parameters counts as headers."""
    parameters = head.parameters()
    from_query = {name.lower(): value for name, value in parameters if name.lower().startswith("x-amz-") or name.lower() in ("content-type", "content-md5")}
    headers = {**head.headers, **from_query}
    amazon = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers) if name.startswith("x-amz-"))
    if "x-amz-date" in headers and not date.isdecimal():
        date = ""
    resources = sorted(f"{name}={value}" if value else name for name, value in parameters if name in SUBRESOURCES)
    resource = head.path + ("?" + "&".join(resources) if resources else "")
    return f"{head.method}\n{headers.get('content-md5', '')}\n{headers.get('content-type', '')}\n{date}\n{amazon}{resource}"


def signature(secret: str, text: str) -> str:
    """Base64 of the HMAC-SHA1: of a request's text, or of a form's policy."""
    return b64encode(hmac.new(secret.encode(), text.encode("latin-1"), hashlib.sha1).digest()).decode()
