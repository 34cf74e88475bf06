"""Errors as AWS sends them. Every one becomes `{"__type": code, "message": ...}` and a botocore ClientError at the
caller.
"""


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
