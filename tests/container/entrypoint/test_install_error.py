"""What pip said of requirements that it could not install."""

import os
import subprocess
import sys

import pytest
from sagemaker_training import errors

from container.entrypoint.install_error import InstallStderr, pip_error
from container.entrypoint.uncaught_error import MAX_CHARACTERS


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        (
            "WARNING: Retrying\nERROR: Could not find a version that satisfies the requirement torhc (from versions: "
            "none)\nERROR: No matching distribution found for torhc\n",
            "No matching distribution found for torhc",
        ),
        (
            "ERROR: Invalid requirement: 'foo bar': Expected end\n    foo bar\n        ^ (from line 1)\n",
            "Invalid requirement: 'foo bar': Expected end\n    foo bar\n        ^ (from line 1)",
        ),
        (
            "  error: of a compiler\n  [end of output]\n\nerror: metadata-generation-failed\n\n"
            "× Encountered error while generating package metadata.\n╰─> See above for output.\n",
            "metadata-generation-failed\n\n× Encountered error while generating package metadata.\n"
            "╰─> See above for output.",
        ),
        ("WARNING: Retrying\n", ""),
        ("", ""),
    ],
)
def test_it_is_its_last_error_with_the_lines_that_belong_to_it(stderr, error):
    assert pip_error(stderr) == error


def test_a_long_one_is_shortened():
    assert len(pip_error("ERROR: " + "x" * 5000)) <= MAX_CHARACTERS + 5


def install(requirement, capfd):
    """stderr of a process that could not install it, and the error that the toolkit then raises."""
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", requirement]
    error = errors.InstallRequirementsError(cmd=" ".join(command), return_code=1)
    with pytest.raises(errors.InstallRequirementsError), InstallStderr():
        assert subprocess.run(command).returncode == 1
        raise error
    return capfd.readouterr().err, error


def test_it_is_in_the_log_and_in_the_error(capfd):
    logged, error = install("not-a-package-of-anybody", capfd)
    assert "ERROR: No matching distribution found for not-a-package-of-anybody" in logged
    assert 'ErrorMessage "No matching distribution found for not-a-package-of-anybody"' in str(error)


def test_afterwards_stderr_is_the_log_again(capfd):
    before = os.fstat(2)
    with InstallStderr() as installing:
        assert os.fstat(2).st_ino != before.st_ino
        installing.end()
        assert os.fstat(2).st_ino == before.st_ino
        installing.end()
        os.write(2, b"of the program\n")
    assert os.fstat(2).st_ino == before.st_ino and capfd.readouterr().err == "of the program\n"
