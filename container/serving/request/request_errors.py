"""What is wrong with a request, as the HTTP status that says so. The messages go to the client, but for that of
NoAnswer.
"""

from http import HTTPStatus

from sagemaker_inference.errors import BaseInferenceToolkitError


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
