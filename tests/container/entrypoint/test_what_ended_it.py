"""What the train image says of a program that could not be started, and of one that ended badly."""

import os

import pytest
from sagemaker_training import errors

from container.entrypoint.program_runner import how_it_ended
from container.entrypoint.script_mode import reason_of
from container.runtime.failure import TrainingFailure
from container.train_entrypoint import started


def test_a_script_without_an_interpreter_is_named_with_what_it_lacks(tmp_path):
    script = tmp_path / "train"
    script.write_bytes(b"\x00echo hello\n")
    os.chmod(script, 0o755)
    with pytest.raises(TrainingFailure, match=r"train cannot be started: Exec format error\. A script needs") as raised:
        started([str(script)], str(script))
    assert "#!/bin/sh" in str(raised.value)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (3, "ended with status 3"),
        (-11, "was ended by SIGSEGV"),
        (-9, "was ended by SIGKILL, as a rule because the instance's memory was full"),
    ],
)
def test_a_signal_is_called_by_its_name(status, said):
    assert how_it_ended(status) == said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.ClientError("The training program a.py was not found."), "The training program a.py was not found."),
        (KeyError("hosts"), "KeyError: 'hosts'"),
        (errors.ClientError(), "ClientError"),
        (SystemExit(), "SystemExit"),
    ],
)
def test_an_error_is_said_with_its_type_unless_it_is_a_sentence_of_its_own(error, said):
    assert reason_of(error) == said
