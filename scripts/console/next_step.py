"""What to do about an error that AWS has no part in: of the credentials, of the network, of a file on this machine."""

import errno
import os

from botocore.exceptions import (
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

from scripts.console.make_prefix import VARIABLE, make

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


def step_of_client(error: Exception) -> str:
    """Of an error that AWS's client raises by itself; empty where none is known."""
    step = next((step for kinds, step in _OF_CLIENTS if isinstance(error, kinds)), "")
    if isinstance(error, EndpointConnectionError) and os.environ.get(VARIABLE):
        return f"{step} `{make('up')}` starts again what this shell is set up for."
    return step


def step_of_file(error: OSError) -> str:
    """Empty where the error says all: what is missing, or in the way."""
    return _OF_FILES.get(error.errno or 0, "")
