"""The installed tool: where it keeps its state, and what it says to somebody who has just installed it."""

from pathlib import Path

import pytest

from local_test.tool import run, user_state_folder


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


def test_without_a_verb_it_tells_what_it_can_do_and_starts_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["local-sagemaker"])
    monkeypatch.setenv("LOCAL_SAGEMAKER_COMMAND", "")  # which run() sets, and this puts back
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 0 and "usage:" in capsys.readouterr().out
