"""An error of the Docker engine or of this machine as a sentence: what raises it writes for programmers."""

import errno
import re

import requests
from docker.errors import APIError
from urllib3.exceptions import HTTPError

from local_test.host.command import COMMAND

_FULL = (errno.ENOSPC, errno.EDQUOT)
# `[Errno 111] Connection refused`, `FileNotFoundError(2, 'No such file or directory')`
_CAUSE = re.compile(r"\[Errno \d+\] ([^'\")]+)|Error\(\d+, '([^']+)'")
# runc's words for a program that is not there, or that is not executable.
_NO_PROGRAM = re.compile(r"exec: .*(executable file not found|no such file or directory|permission denied)")
_ENGINE_FULL = (
    "The disk of the Docker engine is full: `docker system df` shows what takes it, `docker system prune` makes room."
)


def in_words(error: BaseException) -> str:
    """With what to do where that is known. An error whose message is a sentence already stays as it is."""
    if isinstance(error, APIError):
        said = f"{(error.explanation or str(error)).strip().rstrip('.')}."
        return f"{said} {_ENGINE_FULL}" if "no space left on device" in said else said
    if is_of_a_silent_engine(error):
        return (
            f"The Docker engine does not answer any more ({cause(str(error))}). Start it again, as with `sudo "
            "systemctl start docker`, and do the same again."
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        of = f" of {error.filename}" if error.filename else ""
        return f"The disk{of} is full: make room, and do the same again."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, (OSError, ValueError, RuntimeError)) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def is_of_a_silent_engine(error: BaseException) -> bool:
    """Whether the engine's client got no answer. It lets errors of the libraries below it through."""
    return isinstance(error, (requests.exceptions.RequestException, HTTPError)) and not isinstance(error, APIError)


def is_of_this_machine(error: BaseException) -> bool:
    """Whether the engine or the disk is to blame, and neither a request nor a fault of ours."""
    is_of_a_file = isinstance(error, OSError) and error.errno is not None
    return isinstance(error, APIError) or is_of_a_silent_engine(error) or is_of_a_file


def cause(said: str) -> str:
    """What the system said, out of what libraries wrote around it: `Connection refused`."""
    found = _CAUSE.search(said)
    return (found[1] or found[2]).strip() if found else said.rstrip(".")


def where_more_is(number: str) -> str:
    """The sentence after one about a fault. number: with which the service's log has the traceback."""
    return f"The local SageMaker's log has more, with the id {number}: {COMMAND} logs"


def start_refused(error: BaseException, needed: str) -> str:
    """Why the engine does not start a container. needed: what its image must have, such as "an executable `train`"."""
    said = in_words(error)
    if isinstance(error, APIError) and _NO_PROGRAM.search(said):
        return f"{said} The image must have {needed} on its PATH, with its interpreter."
    return said
