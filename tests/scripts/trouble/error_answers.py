"""How an AWS service says an error: in the protocol that botocore's own model of the service names."""

import functools
import json
from xml.sax.saxutils import escape

import botocore.session

TYPES = {"json": "application/x-amz-json-1.1", "rest-json": "application/json", "query": "text/xml"}
REQUEST = "8f1e2c1a-0000-4000-8000-000000000000"


@functools.cache
def _model(service: str):
    return botocore.session.get_session().get_service_model(service)


def error_answer(service: str, code: str, message: str, status: int | None = None) -> tuple[int, dict, bytes]:
    """Status, headers and body. service: as boto3 names it. status: by default that of the model, or 400."""
    model = _model(service)
    shape = model.shape_for_error_code(code)
    status = status or (shape.metadata.get("error", {}).get("httpStatusCode") if shape else None) or 400
    protocol = model.resolved_protocol
    if protocol in ("json", "rest-json"):
        headers = {"Content-Type": TYPES[protocol], "x-amzn-RequestId": REQUEST}
        if protocol == "rest-json":
            return status, {**headers, "x-amzn-ErrorType": code}, json.dumps({"message": message}).encode()
        # With the name of its own space before it, as AWS has it.
        body = {"__type": f"com.amazonaws.{service}#{code}", "message": message}
        return status, headers, json.dumps(body).encode()
    said = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "query":
        space = model.metadata["xmlNamespace"]
        body = (
            f'<ErrorResponse xmlns="{space}"><Error><Type>Sender</Type>{said}</Error>'
            f"<RequestId>{REQUEST}</RequestId></ErrorResponse>"
        )
        return status, {"Content-Type": TYPES["query"], "x-amzn-RequestId": REQUEST}, body.encode()
    if protocol == "rest-xml":
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{said}<RequestId>{REQUEST}</RequestId></Error>'
        return status, {"Content-Type": "application/xml", "x-amz-request-id": REQUEST}, body.encode()
    raise ValueError(f"{service} speaks {protocol}, in which no error is written here.")
