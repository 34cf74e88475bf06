"""docker/engine.sh where nothing may be installed: two lines that say what to do."""

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docker" / "engine.sh"


def test_without_an_engine_and_without_the_right_to_install_one_it_says_what_to_do(tmp_path):
    for name, body in {"docker": "exit 1", "id": "echo 1000", "uname": "echo Linux"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "Start Docker Desktop" in done.stderr and "apt-get install docker.io" in done.stderr
