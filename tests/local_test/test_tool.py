"""Where the installed tool keeps its state."""

from pathlib import Path

import pytest

from local_test.tool import user_state_folder


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "/home/me/.local/state/local-sagemaker"),
        ({"XDG_STATE_HOME": ""}, "/home/me/.local/state/local-sagemaker"),
        ({"XDG_STATE_HOME": "relative"}, "/home/me/.local/state/local-sagemaker"),
        ({"XDG_STATE_HOME": "/var/state"}, "/var/state/local-sagemaker"),
    ],
)
def test_it_is_in_the_state_folder_of_its_user(environ, folder):
    assert user_state_folder(environ, Path("/home/me")) == Path(folder)
