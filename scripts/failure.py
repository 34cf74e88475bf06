"""What ends a program with a sentence instead of a traceback."""

import functools
import sys
from typing import Callable

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

_NEXT_STEP = {
    "AccessDenied": "Give these credentials that permission.",
    "AccessDeniedException": "Give these credentials that permission.",
    "ExpiredToken": "Log in again.",
    "ExpiredTokenException": "Log in again.",
    "InvalidClientTokenId": "Check the credentials in the environment or in the AWS profile.",
    "UnrecognizedClientException": "Check the credentials in the environment or in the AWS profile.",
    "SignatureDoesNotMatch": "Check the credentials in the environment or in the AWS profile.",
    "ResourceLimitExceeded": "Choose another instance type in sagemaker.toml, or ask for more in AWS's Service Quotas.",
    "ThrottlingException": "Run it again in a minute.",
}


class Failure(RuntimeError):
    """A sentence that names the thing and the next step. The program ends with status 1."""


def explain(error: Exception) -> str:
    """The sentence for an error of the AWS client: what was refused or is missing, and what to do."""
    if isinstance(error, NoCredentialsError):
        return "No AWS credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
    if isinstance(error, NoRegionError):
        return "No AWS region is set. Set AWS_REGION, or region in sagemaker.toml."
    if isinstance(error, EndpointConnectionError):
        return f"{str(error).rstrip('.')}. Check the network, the region and AWS_ENDPOINT_URL."
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        code, message = details.get("Code", "Unknown"), details.get("Message", "") or "it gave no reason"
        step = _NEXT_STEP.get(code, "")
        return f"AWS refused {error.operation_name}: {message.rstrip('.')} ({code}). {step}".rstrip()
    return f"{type(error).__name__}: {str(error).rstrip('.')}."


def error_code(error: ClientError) -> str:
    """AWS's name of the error, as in `error.response["Error"]["Code"]`."""
    return error.response.get("Error", {}).get("Code", "")


def ends_with_a_sentence(main: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Turn what AWS, the network or a user's mistake raise in `main` into a sentence on stderr and status 1."""

    @functools.wraps(main)
    def reporting(arguments: list[str]) -> int:
        try:
            return main(arguments)
        except Failure as failure:
            print(f"error: {failure}", file=sys.stderr)
        except (BotoCoreError, ClientError) as error:
            print(f"error: {explain(error)}", file=sys.stderr)
        except KeyboardInterrupt:
            print("\ninterrupted", file=sys.stderr)
            return 130
        return 1

    return reporting
