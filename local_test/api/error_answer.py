"""Errors in the protocol that the request speaks: JSON, query (XML), S3's XML, CBOR, or JSON with the code in a header,
as the runtime has it.

Sources: https://smithy.io/2.0/aws/protocols/index.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""

import json
import uuid
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import escape

from local_test.api.errors import AccessRefused, NotHere
from local_test.api.http_request import RequestHead


class Protocol(Enum):
    """JSON is version 1.1. QUERY's errors are also those of the REST-XML services, S3 apart."""

    JSON, JSON_1_0, QUERY, EC2, S3, CBOR, REST_JSON = range(7)


OF_S3 = ("s3", "s3express", "s3-outposts", "s3-object-lambda")
OF_REST_XML = ("route53", "cloudfront")
BEARER_TOKEN = "x-amz-sso_bearer_token"  # a header of SSO's requests, which nobody signs
# What AWS calls an operation that it does not know; elsewhere it is UnknownOperationException.
UNKNOWN_OPERATION = {Protocol.S3: "NotImplemented", Protocol.QUERY: "InvalidAction", Protocol.EC2: "InvalidAction"}


@dataclass(frozen=True)
class ErrorAnswer:
    """What start_response takes, and the body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def protocol_of(head: RequestHead, service: str) -> Protocol:
    """service: of the signature's scope, "" for a request that was refused, which then tells by its looks."""
    service = service or _claimed_service(head)
    if "smithy-protocol" in head.headers:
        return Protocol.CBOR
    content_type = head.headers.get("content-type", "")
    if "x-amz-target" in head.headers:
        return Protocol.JSON_1_0 if "json-1.0" in content_type else Protocol.JSON
    if head.path.startswith("/endpoints/") and service in ("sagemaker", ""):
        return Protocol.REST_JSON
    if head.path == "/" and content_type.startswith("application/x-www-form-urlencoded") and service != "s3":
        return Protocol.EC2 if service == "ec2" else Protocol.QUERY
    if service in OF_REST_XML:
        return Protocol.QUERY
    if service:
        return Protocol.S3 if service in OF_S3 else Protocol.REST_JSON
    has_token = BEARER_TOKEN in head.headers or head.headers.get("authorization", "").startswith("Bearer ")
    return Protocol.REST_JSON if has_token or content_type.startswith("application/json") else Protocol.S3


def _claimed_service(head: RequestHead) -> str:
    """The service of a signature that nobody has verified; "" for none."""
    parts = head.headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    return parts[3].lower() if len(parts) == 5 else ""


def error_answer(protocol: Protocol, status: int, code: str, message: str) -> ErrorAnswer:
    """code: as botocore's `error.response["Error"]["Code"]` has it."""
    id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", id)]
    if protocol in (Protocol.S3, Protocol.QUERY, Protocol.EC2):
        text = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if protocol is Protocol.S3:
            text = f"<Error>{text}<RequestId>{id}</RequestId></Error>"
        elif protocol is Protocol.EC2:
            text = f"<Response><Errors><Error>{text}</Error></Errors><RequestID>{id}</RequestID></Response>"
        else:
            whose = "Sender" if status < 500 else "Receiver"
            text = (
                f"<ErrorResponse><Error><Type>{whose}</Type>{text}</Error><RequestId>{id}</RequestId></ErrorResponse>"
            )
        body, kind = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(),
            "application/xml" if protocol is Protocol.S3 else "text/xml",
        )
    elif protocol is Protocol.CBOR:
        body, kind = b"\xa2" + b"".join(map(_cbor_text, ("__type", code, "message", message))), "application/cbor"
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
    elif protocol is Protocol.REST_JSON:
        body, kind = json.dumps({"Message": message}).encode(), "application/json"
        headers.append(("x-amzn-ErrorType", code))
    else:
        version = "1.0" if protocol is Protocol.JSON_1_0 else "1.1"
        body, kind = json.dumps({"__type": code, "message": message}).encode(), f"application/x-amz-json-{version}"
    return ErrorAnswer(f"{status} {code}", [("Content-Type", kind), ("Content-Length", str(len(body))), *headers], body)


def refusal(protocol: Protocol, refused: AccessRefused) -> ErrorAnswer:
    in_s3, in_query, in_json = refused.why.value
    code = {Protocol.S3: in_s3, Protocol.QUERY: in_query, Protocol.EC2: in_query}.get(protocol, in_json)
    return error_answer(protocol, 403, code, refused.message)


def not_here(protocol: Protocol, error: NotHere) -> ErrorAnswer:
    return error_answer(protocol, error.status, UNKNOWN_OPERATION.get(protocol, error.code), error.message)


def _cbor_text(text: str) -> bytes:
    """A text string of at most 65,535 bytes: https://www.rfc-editor.org/rfc/rfc8949#section-3.1"""
    data = text.encode()[:65535]
    return b"\x79" + len(data).to_bytes(2, "big") + data
