"""What goes wrong with a request: the exceptions, and the HTTP status and message that its client gets.

The messages of the exceptions go to the client, but for that of NoAnswer.
"""

import json
import logging
import traceback
from http import HTTPStatus

from sagemaker_inference.errors import BaseInferenceToolkitError, UnsupportedFormatError

from container.serving.request.header_text import one_line_of_ascii


class RequestError(BaseInferenceToolkitError):
    """Base of the errors that a client can mend."""

    status: HTTPStatus

    def __init__(self, message: str):
        super().__init__(self.status.value, message, self.status.phrase)


class BadRequest(RequestError):
    status = HTTPStatus.BAD_REQUEST


class NotAcceptable(RequestError):
    status = HTTPStatus.NOT_ACCEPTABLE


class PayloadTooLarge(RequestError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(RequestError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class NoAnswer(Exception):
    """A function of the user's returned nothing that can be sent: a fault of the server's, with a sentence for its
    log.
    """


log = logging.getLogger(__name__)


def error_response(error: BaseException, request_id: str) -> tuple[int, str, str]:
    """Status, phrase and body. What the client can mend (4xx), and a 503, keep the status that the function gave them.

    A fault of ours, or of the user's functions, sys.exit() among them, goes to the log under the request's id, and
    nothing of it to the client, who is told the id; nginx says the same (docker/server/nginx.conf)."""
    if isinstance(error, UnsupportedFormatError):
        error = UnsupportedMediaType(unsupported(error))
    if isinstance(error, BaseInferenceToolkitError) and _is_the_clients(error.status_code):
        return (
            int(error.status_code),
            one_line_of_ascii(str(error.phrase)),
            _body(int(error.status_code), str(error.message)),
        )
    log.error("fault %s: %s", request_id, "".join(traceback.format_exception(error)))
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    said = f"The server failed on this request. Its log has the reason under {request_id}."
    return status.value, status.phrase, _body(status.value, said)


def unsupported(error: UnsupportedFormatError) -> str:
    """Its first line: the others are for the author of the functions."""
    return (str(error).splitlines() or ["This type is not supported."])[0]


def of_output(error: UnsupportedFormatError) -> NotAcceptable:
    """What output_fn means by it: the toolkit has the same exception for what comes in and what goes out."""
    return NotAcceptable(unsupported(error))


def of_transform(error: UnsupportedFormatError, content_type: str | None, accept: str) -> BaseInferenceToolkitError:
    """What transform_fn, which reads and writes, means by it: the type that it names tells."""
    named = unsupported(error)
    return (
        NotAcceptable(named)
        if f"{accept} " in named and f"{content_type} " not in named
        else UnsupportedMediaType(named)
    )


def _is_the_clients(status: object) -> bool:
    return isinstance(status, int) and (400 <= status < 500 or status == HTTPStatus.SERVICE_UNAVAILABLE)


def _body(status: int, message: str) -> str:
    return json.dumps({"error": {"status": status, "message": message}})
