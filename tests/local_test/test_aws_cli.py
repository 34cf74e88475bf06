"""A command line that goes past AWS_ENDPOINT_URL is warned about, once it is on PATH."""

import pytest

from local_test.aws_cli import old_command_line, sentence


@pytest.mark.parametrize(
    ("said", "needed"),
    [
        ("aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12 prompt/off", "2.13"),
        ("aws-cli/1.22.34 Python/3.10.12 Linux/5.15 botocore/1.23.34", "1.29"),
    ],
)
def test_an_old_one_is_named_with_the_version_that_is_needed(said, needed):
    warning = sentence("/usr/bin/aws", said)
    assert "/usr/bin/aws" in warning and f"from {needed} on" in warning and "--intercept" in warning


@pytest.mark.parametrize(
    "said",
    ["aws-cli/2.13.0 Python/3.11", "aws-cli/1.29.0 x", "aws-cli/2.35.1 x", "aws-cli/3.0.0 x", "", "something else"],
)
def test_others_are_not(said):
    assert sentence("/usr/bin/aws", said) is None


def test_it_is_asked_again_only_when_it_has_changed(tmp_path, monkeypatch):
    program, state = tmp_path / "bin/aws", tmp_path / "state"
    program.parent.mkdir()
    state.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def install(version):
        program.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho aws-cli/{version} Python/3.11\n")
        program.chmod(0o755)

    install("2.9.19")
    assert "version 2.9" in old_command_line(state) and "version 2.9" in old_command_line(state)
    assert (tmp_path / "asked").read_text() == "asked\n"
    install("2.13.0-and-later")
    assert old_command_line(state) is None
    program.unlink()
    monkeypatch.setenv("PATH", str(program.parent))
    assert old_command_line(state) is None
