"""Errors of the Docker engine and of the disk as sentences with the next step."""

import errno
from types import SimpleNamespace

import pytest
import requests
from docker.errors import APIError, NotFound
from urllib3.exceptions import ProtocolError

from local_test.host.error_words import in_words, is_of_this_machine, start_refused

NOT_IN_PATH = 'OCI runtime create failed: exec: "train": executable file not found in $PATH: unknown'
SILENT = "('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))"


def refused(explanation, status=500):
    answer = SimpleNamespace(status_code=status, url="http+docker://localhost/v1.41/x", reason="no")
    return APIError("long words of the client's", response=answer, explanation=explanation)


@pytest.mark.parametrize(
    "error, said",
    [
        (refused("no command specified"), "no command specified."),
        (NotFound("client's", explanation="No such container: 7ab."), "No such container: 7ab."),
        (refused("write /x: no space left on device"), "The disk of the Docker engine is full: `docker system df`"),
        (requests.exceptions.ConnectionError(SILENT), "engine does not answer any more (Connection refused). Start it"),
        (requests.exceptions.ReadTimeout("Read timed out."), "engine does not answer any more (Read timed out)."),
        (ProtocolError("Connection broken"), "engine does not answer any more (Connection broken)."),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "The disk of /x/y is full: make room"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full: make room"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied."),
        (ValueError("The channel has no files."), "The channel has no files."),
        (KeyError("ChannelName"), "KeyError: 'ChannelName'"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_an_error_says_what_happened_without_the_words_of_libraries(error, said):
    assert said in in_words(error)
    assert "http+docker" not in in_words(error) and "Errno" not in in_words(error) and "client's" not in in_words(error)


def test_a_fault_of_ours_is_told_from_the_engine_and_the_disk():
    ours = (KeyError("x"), ValueError("x"), OSError("a sentence"))
    assert not any(map(is_of_this_machine, ours))
    theirs = (refused("x"), requests.exceptions.ConnectionError(SILENT), PermissionError(errno.EACCES, "no", "/x"))
    assert all(map(is_of_this_machine, theirs))


def test_an_image_without_the_program_is_told_what_it_needs():
    said = start_refused(refused(NOT_IN_PATH, 400), "an executable `train`")
    assert said == f"{NOT_IN_PATH}. The image must have an executable `train` on its PATH, with its interpreter."
    assert start_refused(refused("port is taken"), "an executable `train`") == "port is taken."
