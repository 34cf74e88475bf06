"""A request that is not obeyed, and why: one reason, which every protocol of AWS's has its own code for."""

from enum import Enum


class Why(Enum):
    """value: codes in S3's XML, in the query protocol (IAM, STS), and in the JSON protocols.

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
