"""What a request needs the service's own key for: files of this machine, and the service itself.

A container's key, and what its IAM and STS give out, stand for roles of an account: they reach what AWS would have, and
nothing of this machine."""

from typing import NoReturn

from local_test.api.access_refused import AccessRefused, Why
from local_test.host.command import COMMAND
from local_test.storage.local_files import is_local

WITH_OWN_KEY = (
    f"needs the local SageMaker's own key, which `{COMMAND} env` prints; a role's, such as a container has, does not do"
)


def refuse_command() -> NoReturn:
    """Raises AccessRefused: to be called when a command to the service itself comes from somebody else."""
    raise AccessRefused(Why.FORBIDDEN, f"A command to the service itself {WITH_OWN_KEY}.")


def check_no_files(value: object) -> None:
    """value: a JSON document, or headers. Raises AccessRefused when a file:// URI is anywhere in it."""
    if found := _file_uri(value):
        raise AccessRefused(Why.FORBIDDEN, f"{found} {WITH_OWN_KEY}.")


def _file_uri(value: object) -> str | None:
    if isinstance(value, str):
        return value if is_local(value) else None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in parts if (found := _file_uri(one))), None)
