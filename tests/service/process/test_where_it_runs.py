"""In a container that was given the engine's socket: it works, or says what is missing before a job reads nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_test.host.engine_reach import sees_folder
from local_test.host.identity import identity_of
from local_test.host.labels import PROBE, find

ROOT = Path(__file__).parents[3]
SOCKET = "/var/run/docker.sock"


@pytest.fixture
def in_container(train_image):
    """in_container(options of docker run, shell line): with this repository and its Python at their own paths."""

    def run(options: list[str], line: str) -> subprocess.CompletedProcess:
        own = {str(ROOT), sys.prefix, sys.base_prefix} - {"/usr"}  # Debian's Python is in the image, too
        mounts = [f"--volume={path}:{path}:ro" for path in own] + [f"--volume={SOCKET}:{SOCKET}"]
        command = ["docker", "run", "--rm", *mounts, *options, f"--env=PYTHONPATH={ROOT}", "--workdir=/tmp"]
        return subprocess.run(
            [
                *command,
                "--entrypoint=sh",
                train_image,
                "-c",
                line.replace("local_test", f"{sys.executable} -m local_test"),
            ],
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def test_a_folder_that_the_engine_does_not_see_is_refused_with_the_options_of_docker_run(
    in_container, tmp_path, engine
):
    refused = in_container([], f"local_test up --folder {tmp_path}/state")
    assert refused.returncode == 1 and "this is a container, whose files are not the machine's" in refused.stderr
    assert f"--network host -v {tmp_path}/state:{tmp_path}/state" in refused.stderr
    assert find(engine, PROBE) == []


def test_a_network_of_its_own_is_refused_with_the_option_of_docker_run(in_container, tmp_path):
    refused = in_container([f"--volume={tmp_path}:{tmp_path}"], f"local_test up --folder {tmp_path}/state")
    assert refused.returncode == 1 and "--network host" in refused.stderr
    assert "with a network of its own" in refused.stderr


def test_with_both_it_serves(in_container, tmp_path):
    options = [f"--volume={tmp_path}:{tmp_path}", "--network=host"]
    served = in_container(
        options, f"local_test up --folder {tmp_path}/state && local_test down --folder {tmp_path}/state"
    )
    assert served.returncode == 0 and "The local SageMaker is at" in served.stdout, served.stderr


def test_the_engine_is_asked_and_nothing_is_left(engine, tmp_path):
    (tmp_path / "seen").mkdir()
    identity_of(tmp_path / "seen")
    assert sees_folder(engine, "test", tmp_path / "seen")
    assert not sees_folder(engine, "test", Path("/nowhere"))
    assert find(engine, PROBE, "test") == []
