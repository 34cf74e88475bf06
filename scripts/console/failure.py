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
    IncompleteReadError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from scripts.console.diagnosis import LOG_IN, LOGIN, clock_skew, skew_in_words, step_of_client, step_of_file
from scripts.console.document import document_of_program
from scripts.console.make import make
from scripts.console.terminal import Printable
from scripts.console.waits import stop_waits

# Exit statuses; 2, argparse's, is for a command line that it does not understand.
FAILED, INTERRUPTED = 1, 130

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
# S3's answers to HEAD have no body, and so no code: a session that has ended is the usual reason of the first.
_WITHOUT_A_CODE, _FORBIDDEN = "400", "403"
_WRONG_CREDENTIALS = (
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidToken",
)
_CLOCK = ("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html; botocore has retried these before they
# arrive here.
PASSING = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "BandwidthLimitExceeded",
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
    _FORBIDDEN: "Give these credentials s3:ListBucket and s3:GetObject there; where the bucket is another account's, "
    "that account must allow it, too.",
    **dict.fromkeys((*_EXPIRED, _WITHOUT_A_CODE), LOG_IN),
    **dict.fromkeys(
        _WRONG_CREDENTIALS, "Check the credentials in the environment or in the AWS profile, and this machine's clock."
    ),
    **dict.fromkeys(PASSING, "Run it again in a minute."),
    **dict.fromkeys(_CLOCK, "Set this machine's clock, as with `timedatectl set-ntp true`."),
    "ResourceLimitExceeded": "Choose another instance type in sagemaker.toml, or ask for more in AWS's Service Quotas.",
    "NoSuchBucket": f"Name a bucket that is there: SAGEMAKER_BUCKET, or bucket in sagemaker.toml; `{make('upload')}` "
    "makes it.",
}


class Failure(RuntimeError):
    """A sentence that names the thing and the next step. The program ends with status 1."""


def no_url(error: ValueError) -> Exception:
    """What to raise for botocore's plain ValueError, with which it refuses an address that is no URL. Others of its
    errors are ValueErrors, too, and stay.
    """
    if isinstance(error, BotoCoreError):
        return error
    return Failure(
        f"{error}. An address must be a URL with http:// or https://: correct AWS_ENDPOINT_URL, or endpoint_url in the "
        "AWS profile."
    )


def explain(error: Exception) -> str:
    """The sentence for an error of the AWS client or of a file: what was refused or is missing, and what to do."""
    return f"{reason(error)} {_next_step(error)}".rstrip()


def reason(error: Exception) -> str:
    """The first half of `explain`: for what a program mends by itself, and nobody has to do anything about."""
    said = str(error).rstrip(".")
    if isinstance(error, NoCredentialsError):
        return "No AWS credentials were found."
    if isinstance(error, NoRegionError):
        return "No AWS region is set."
    if isinstance(error, BotoCoreError):
        return f"{said}."
    if isinstance(error, ResponseParserError):
        return f"What answered is not AWS, as a login page or a proxy may: {said.splitlines()[0]}."
    if isinstance(error, ClientError):
        code = error_code(error) or "Unknown"
        message = error.response.get("Error", {}).get("Message", "") or "it gave no reason"
        clock = f" This machine's clock is {skew_in_words(skew)} AWS's." if (skew := clock_skew(error)) else ""
        return f"AWS refused {error.operation_name}: {message.rstrip('.')} ({code}).{clock}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    return f"{type(error).__name__}: {said}."


def _next_step(error: Exception) -> str:
    if isinstance(error, ClientError):
        return _NEXT_STEP.get("RequestTimeTooSkewed" if clock_skew(error) else error_code(error), "")
    if isinstance(error, OSError) and not isinstance(error, BotoCoreError):  # some of botocore's are both
        return step_of_file(error)
    return step_of_client(error)


def error_code(error: ClientError) -> str:
    """AWS's name of the error, as in `error.response["Error"]["Code"]`."""
    return error.response.get("Error", {}).get("Code", "")


def is_denied(error: Exception) -> bool:
    """Whether the credentials lack the permission for this one call. S3 answers HEAD without a code but 403."""
    return isinstance(error, ClientError) and error_code(error) in (*_DENIED, _FORBIDDEN)


def is_about_credentials(error: Exception) -> bool:
    """Whether every further call of these credentials would end alike: they are missing, wrong, or have expired."""
    if isinstance(error, ClientError):
        return error_code(error) in (*_EXPIRED, *_WRONG_CREDENTIALS, *_CLOCK)
    return isinstance(error, (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, *LOGIN))


def has_expired(error: Exception) -> bool:
    """Whether the same call would succeed after a login: a session has ended, that of the keys or that of the login."""
    return isinstance(error, LOGIN) or (
        isinstance(error, ClientError) and error_code(error) in (*_EXPIRED, _WITHOUT_A_CODE)
    )


def passes(error: Exception) -> bool:
    """Whether the same call may succeed in a while: the network was cut, or the service throttles or has a fault."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in PASSING or status == 429 or status >= 500
    return isinstance(error, (NotConnected, HTTPClientError, IncompleteReadError))


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
    except (BotoCoreError, ClientError, ResponseParserError, OSError) as raised:
        error = explain(raised) + (" Then run the same command again." if has_expired(raised) else "")
    except KeyboardInterrupt:
        stop_waits()
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED, "interrupted"
    print(f"error: {error}", file=sys.stderr)
    return FAILED, error
