"""Errors that end a program with a message instead of a traceback."""

import contextlib
import functools
import os
import sys
from collections.abc import Callable

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnected

from scripts.console.document import document_of_program
from scripts.console.make_prefix import make
from scripts.console.terminal import Printable
from scripts.console.waits import stop_waits

# Exit statuses; 2, argparse's, is for a command line that it does not understand.
FAILED, INTERRUPTED = 1, 130

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_WRONG_CREDENTIALS = (
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
)
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; botocore has retried these before they
# arrive here.
_PASSING = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
)
_NEXT_STEP = {
    **dict.fromkeys(_DENIED, "Give these credentials that permission."),
    **dict.fromkeys(_EXPIRED, "Log in again."),
    **dict.fromkeys(
        _WRONG_CREDENTIALS, "Check the credentials in the environment or in the AWS profile, and this machine's clock."
    ),
    **dict.fromkeys(_PASSING, "Run it again in a minute."),
    "RequestTimeTooSkewed": "Set this machine's clock.",
    "ResourceLimitExceeded": "Choose another instance type in sagemaker.toml, or ask for more in AWS's Service Quotas.",
    "NoSuchBucket": f"Name a bucket that is there: SAGEMAKER_BUCKET, or bucket in sagemaker.toml; `{make('upload')}` "
    "makes it.",
}


class Failure(RuntimeError):
    """A sentence that names the thing and the next step. The program ends with status 1."""


def explain(error: Exception) -> str:
    """The sentence for an error of the AWS client or of a file: what was refused or is missing, and what to do."""
    said = str(error).rstrip(".")
    if isinstance(error, NoCredentialsError):
        return "No AWS credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
    if isinstance(error, NoRegionError):
        return "No AWS region is set. Set AWS_REGION, or region in sagemaker.toml."
    if isinstance(error, (SSOError, TokenRetrievalError)):
        return f"{said}. Log in again."
    if isinstance(error, (NotConnected, HTTPClientError)):
        return f"{said}. Check the network, the region and AWS_ENDPOINT_URL."
    if isinstance(error, ClientError):
        code, message = (
            error_code(error) or "Unknown",
            error.response.get("Error", {}).get("Message", "") or "it gave no reason",
        )
        return (
            f"AWS refused {error.operation_name}: {message.rstrip('.')} ({code}). {_NEXT_STEP.get(code, '')}".rstrip()
        )
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return f"{type(error).__name__}: {said}."


def error_code(error: ClientError) -> str:
    """AWS's name of the error, as in `error.response["Error"]["Code"]`."""
    return error.response.get("Error", {}).get("Code", "")


def is_denied(error: Exception) -> bool:
    """Whether the credentials lack the permission for this one call. S3 answers HEAD without a code but 403."""
    return isinstance(error, ClientError) and error_code(error) in (*_DENIED, "403")


def is_about_credentials(error: Exception) -> bool:
    """Whether every further call of these credentials would end alike: they are missing, wrong, or have expired."""
    if isinstance(error, ClientError):
        return error_code(error) in (*_EXPIRED, *_WRONG_CREDENTIALS)
    return isinstance(
        error,
        (
            NoCredentialsError,
            PartialCredentialsError,
            CredentialRetrievalError,
            SSOError,
            TokenRetrievalError,
        ),
    )


def passes(error: Exception) -> bool:
    """Whether the same call may succeed in a while: the network was cut, or the service throttles or has a fault."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in _PASSING or status >= 500
    return isinstance(error, (NotConnected, HTTPClientError))


def ends_with_a_sentence(main: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Turn what AWS, the network, a file or a user's mistake raise in `main` into a sentence on stderr and status 1,
    and Ctrl-C into status 130; then print the program's document where --json asks for it.

    Whatever is printed meanwhile, logs and names and reasons of others, cannot move the terminal: its control
    characters are shown."""

    @functools.wraps(main)
    def reporting(arguments: list[str]) -> int:
        with (
            contextlib.redirect_stdout(Printable(sys.stdout)),
            contextlib.redirect_stderr(Printable(sys.stderr)),
            document_of_program() as document,
        ):
            try:
                status, error = _ended(main, arguments)
                document.end(error)
                sys.stdout.flush()
            except BrokenPipeError:  # `make logs | head`: who read has gone, and Python would complain at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), document.stdout.fileno())
                return FAILED
            finally:
                stop_waits()
            return status

    return reporting


def _ended(main: Callable[[list[str]], int], arguments: list[str]) -> tuple[int, str | None]:
    """The exit status, and why it is not 0 where that was said on stderr."""
    try:
        status = main(arguments)
        return status, "interrupted" if status == INTERRUPTED else None
    except BrokenPipeError:
        raise
    except Failure as failure:
        error = str(failure)
    except (BotoCoreError, ClientError, OSError) as raised:
        error = explain(raised)
    except KeyboardInterrupt:
        stop_waits()
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED, "interrupted"
    print(f"error: {error}", file=sys.stderr)
    return FAILED, error
