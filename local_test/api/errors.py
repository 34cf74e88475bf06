"""Errors as AWS sends them, and each becomes a botocore ClientError at the caller.

An ApiError is `{"__type": code, "message": ...}`. A request that is not obeyed is an AccessRefused: one reason, which
every protocol of AWS's has its own code for.
"""

from enum import Enum


class ApiError(Exception):
    """code: as in botocore's `error.response["Error"]["Code"]`. status: of HTTP."""

    code = "InternalFailure"
    status = 500

    def __init__(self, message: str):
        super().__init__(message)
        self.message = message


class ValidationException(ApiError):
    """The request is wrong, names something that is not there, or asks for what is not supported here."""

    code = "ValidationException"
    status = 400


class ResourceInUse(ApiError):
    """The name is taken, or the thing is in use."""

    code = "ResourceInUse"
    status = 400


class ResourceNotFound(ApiError):
    """What StopTrainingJob and its like answer for an unknown name."""

    code = "ResourceNotFound"
    status = 400


class ResourceLimitExceeded(ApiError):
    """More than AWS gives anybody."""

    code = "ResourceLimitExceeded"
    status = 400


class UnknownOperation(ApiError):
    """An operation of SageMaker that the local one does not have."""

    code = "UnknownOperationException"
    status = 400


class ServiceUnavailable(ApiError):
    """The service is ending."""

    code = "ServiceUnavailable"
    status = 503


class SerializationException(ApiError):
    """The request's body is no JSON object."""

    code = "SerializationException"
    status = 400


class RequestTooLarge(ApiError):
    """A body that is larger than anything that the operation takes."""

    code = "RequestEntityTooLargeException"
    status = 413


class InvocationTooLarge(ApiError):
    """A body that is larger than what an endpoint of any kind takes, in the words of the runtime's own model."""

    code = "ValidationError"
    status = 400

    def __init__(self, largest: int):
        constraint = f"Member must have length less than or equal to {largest}"
        super().__init__(f"1 validation error detected: Value at 'body' failed to satisfy constraint: {constraint}")


class NotHere(ApiError):
    """A service of AWS's, or an operation of one, that the local SageMaker does not have. Its code depends on the
    protocol.
    """

    code = "UnknownOperationException"
    status = 400  # no client sends the same request again


class Why(Enum):
    """Why a request is not obeyed; value: codes in S3's XML, in the query protocol (IAM, STS), and in the JSON ones.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """

    UNSIGNED = ("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException")
    UNKNOWN_KEY = ("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException")
    WRONG_TOKEN = ("InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException")
    WRONG_SIGNATURE = ("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException")
    INCOMPLETE = ("AuthorizationHeaderMalformed", "IncompleteSignature", "IncompleteSignatureException")
    OTHER_BODY = ("XAmzContentSHA256Mismatch", "SignatureDoesNotMatch", "InvalidSignatureException")
    TIME = ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException")
    EXPIRED = ("AccessDenied", "SignatureDoesNotMatch", "InvalidSignatureException")
    FORBIDDEN = ("AccessDenied", "AccessDenied", "AccessDeniedException")


class AccessRefused(Exception):
    """Answered with status 403; message: a sentence for the caller."""

    def __init__(self, why: Why, message: str):
        super().__init__(message)
        self.why, self.message = why, message
