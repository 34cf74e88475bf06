"""Requests that botocore, the authority, has signed, as the service receives them, and what it makes of them."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_test.api.authentication import authenticate
from local_test.api.errors import AccessRefused, Why
from local_test.api.http_request import RequestHead
from local_test.host.identity import AccessKey

KEY = AccessKey("AKIA2222222222222222", "a-secret/with+signs")
OF_ROLE = AccessKey("ASIA2222222222222222", "another", "token")
HOST = "http://127.0.0.1:4567"
SIGNERS = {"s3": (S3SigV4Auth, S3SigV4QueryAuth)}


def find(id: str) -> AccessKey | None:
    return next((key for key in (KEY, OF_ROLE) if key.id == id), None)


def credentials(key: AccessKey) -> Credentials:
    return Credentials(key.id, key.secret, key.session_token)


def signed_head(
    method="POST", target="/", body=b"", service="sagemaker", headers=None, key=KEY, presign=None
) -> RequestHead:
    """As botocore signs it now. presign: seconds that a presigned URL is good for, None for a signature in the
    header.
    """
    request = AWSRequest(method, HOST + target, headers={"Host": "127.0.0.1:4567", **(headers or {})}, data=body)
    by_header, by_query = SIGNERS.get(service, (SigV4Auth, SigV4QueryAuth))
    if presign is None:
        by_header(credentials(key), service, "us-east-1").add_auth(request)
    else:
        by_query(credentials(key), service, "us-east-1", expires=presign).add_auth(request)
    return RequestHead.of(
        method, request.url.removeprefix(HOST), {name.lower(): value for name, value in request.headers.items()}
    )


def now() -> datetime:
    return datetime.now(UTC)


def accepted(head: RequestHead, body: bytes = b"", finds=find, at=None) -> str:
    """The service that it was signed for."""
    signed = authenticate(head, finds, at or now())
    signed.check_body(hashlib.sha256(body).hexdigest())
    return signed.service


def why(head: RequestHead, body: bytes = b"", finds=find, at=None) -> Why:
    with pytest.raises(AccessRefused) as refused:
        accepted(head, body, finds, at)
    return refused.value.why


def with_headers(head: RequestHead, **changes) -> RequestHead:
    return replace(head, headers={**head.headers, **{name.replace("_", "-"): value for name, value in changes.items()}})
