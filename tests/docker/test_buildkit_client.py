"""docker/buildkit_client.sh: the client that drives BuildKit, with the flags that its kind wants."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker/buildkit_client.sh"


@pytest.mark.parametrize(
    ("buildx", "version", "printed"),
    [
        (0, "Docker version 29.0.1, build abc", "docker --load --provenance=false"),
        (1, "Docker version 20.10.24+dfsg1, build 297e128", "docker"),
    ],
)
def test_a_client_with_buildx_or_with_buildkit_built_in_is_taken(tmp_path, buildx, version, printed):
    client = tmp_path / "docker"
    client.write_text(f"#!/bin/sh\n[ \"$1\" != buildx ] || exit {buildx}\necho '{version}'\n")
    client.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, printed), done


@pytest.mark.skipif(
    any(Path(one).exists() for one in ("/usr/bin/docker", "/usr/local/bin/docker")), reason="a client is installed"
)
def test_without_a_client_it_says_what_to_install(tmp_path):
    for name in ("sh", "sed"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    done = subprocess.run([SCRIPT], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1 and "make engine" in done.stderr
