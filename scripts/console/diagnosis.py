"""What is behind an error, and what to do about it: credentials, the network, a file, this machine's clock, or a lack
of instances at AWS.
"""

import errno
import os
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.exceptions import (
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    InvalidConfigError,
    LoginError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.exceptions import SSLError as TlsError
from botocore.parsers import ResponseParserError

from scripts.console.make import VERB_PREFIX, make

LOGIN = (SSOError, TokenRetrievalError, LoginError, RefreshWithMFAUnsupportedError)
LOG_IN = "Log in again, as with `aws sso login`."
_NETWORK = "Check the network, the region and AWS_ENDPOINT_URL."
# The first that an error is one of: a proxy that does not answer is also a connection that failed.
_OF_CLIENTS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (NoCredentialsError, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."),
    (PartialCredentialsError, "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE alone."),
    (ProfileNotFound, "Correct AWS_PROFILE, or unset it: `aws configure list-profiles` lists those that there are."),
    (
        (ConfigParseError, InvalidConfigError),
        "Correct the AWS configuration: ~/.aws/config and ~/.aws/credentials, where no variable names others.",
    ),
    (
        (CredentialRetrievalError, MetadataRetrievalError),
        "Mend that source, which the AWS profile or the environment names, or name another: AWS_PROFILE.",
    ),
    (NoRegionError, "Set AWS_REGION, or region in sagemaker.toml."),
    (LOGIN, LOG_IN),
    (ProxyConnectionError, "Check HTTPS_PROXY and NO_PROXY, or unset them."),
    (
        TlsError,
        "Where a proxy opens TLS, name its certificate in AWS_CA_BUNDLE; otherwise check this machine's clock.",
    ),
    ((NotConnected, HTTPClientError, IncompleteReadError, ResponseParserError), _NETWORK),
)
_FULL = "The disk is full: make room, then run the same command again."
_NOT_ALLOWED = "Look at its owner and its permissions (`ls -ld`), and give this user the right."
_OF_FILES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EROFS: "Its disk can only be read: run this in a folder where this user may write.",
}
# S3 says so (RequestTimeTooSkewed), other services that the signature does not match or has expired.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_CLOCK_CODES = (
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
)
_REFUSED_FROM = timedelta(minutes=5)  # AWS allows 5 minutes, or 15, by service
# In the FailureReason of a job ("CapacityError: Unable to provision requested ML compute capacity. ...") and of an
# endpoint ("... due to InsufficientInstanceCapacity error. ...").
_NO_CAPACITY = ("CapacityError", "InsufficientInstanceCapacity", "requested ML compute capacity")


def step_of_client(error: Exception) -> str:
    """Of an error that AWS's client raises by itself; empty where none is known."""
    step = next((step for kinds, step in _OF_CLIENTS if isinstance(error, kinds)), "")
    if isinstance(error, EndpointConnectionError) and os.environ.get(VERB_PREFIX):
        return f"{step} `{make('up')}` starts again what this shell is set up for."
    return step


def step_of_file(error: OSError) -> str:
    """Empty where the error says all: what is missing, or in the way."""
    return _OF_FILES.get(error.errno or 0, "")


def clock_skew(error: Exception, now: datetime | None = None) -> timedelta | None:
    """How far this machine's clock is ahead of AWS's (below zero: behind), by the Date of the answer; None where that
    is not what AWS refused. now: UTC.
    """
    if not isinstance(error, ClientError) or error.response.get("Error", {}).get("Code") not in _CLOCK_CODES:
        return None
    try:
        date = parsedate_to_datetime(error.response["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError):  # no answer of a web server, or none that tells the time
        return None
    ahead = (now or datetime.now(UTC)) - (date if date.tzinfo else date.replace(tzinfo=UTC))
    return ahead if abs(ahead) >= _REFUSED_FROM else None


def skew_in_words(ahead: timedelta) -> str:
    """`timedelta(minutes=-42)` -> `42 minutes behind`, before the name of the other clock."""
    minutes = round(abs(ahead).total_seconds() / 60)
    span = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
    return f"{span} {'ahead of' if ahead > timedelta() else 'behind'}"


def capacity_step(reason: str, setting: str) -> str:
    """Empty where the reason is another. setting: where instance types are named, such as `train.instance-types`."""
    if not any(word in reason for word in _NO_CAPACITY):
        return ""
    return f"AWS has no such instance to give now: name other types in {setting}, or try it again later."
