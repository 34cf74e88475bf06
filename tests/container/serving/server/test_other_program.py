"""A command that the serve image cannot run is named in a sentence; one that it can run takes its place."""

import os
import subprocess
import sys

import pytest

BECOME = "import sys; from container.serving.server.init_process import become; sys.exit(become(sys.argv[1:]))"


def become(*command):
    return subprocess.run([sys.executable, "-c", BECOME, *command], capture_output=True, text=True)


def test_a_program_of_the_image_takes_its_place():
    done = become("sh", "-c", "echo hello; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "hello\n", "")


def test_a_program_that_is_not_there_is_named():
    done = become("srve")
    assert (done.returncode, done.stderr) == (
        1,
        "error: There is no program srve in this image. For an endpoint run it with `serve`.\n",
    )


@pytest.mark.parametrize("content", [b"\x00no interpreter\n", b"#!/no/such/interpreter\n"])
def test_a_script_that_the_system_cannot_run_is_named_with_what_it_lacks(tmp_path, content):
    script = tmp_path / "entry"
    script.write_bytes(content)
    os.chmod(script, 0o755)
    done = become(str(script))
    assert done.returncode == 1 and done.stderr.startswith(f"error: {script} cannot be started: ")
    assert "#!/bin/sh" in done.stderr and "Traceback" not in done.stderr
