"""docker/engine.sh where nothing may be installed: two lines that say what to do. Its logs, and browser.sh's, where
something may.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docker" / "engine.sh"


def test_without_an_engine_and_without_the_right_to_install_one_it_says_what_to_do(tmp_path):
    for name, body in {"docker": "exit 1", "id": "echo 1000", "uname": "echo Linux"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "Start Docker Desktop" in done.stderr and "apt-get install docker.io" in done.stderr


@pytest.mark.parametrize(
    ("docker", "host", "said"),
    [
        (
            "echo 'Got permission denied while trying to connect to the Docker daemon socket' >&2; exit 1",
            "",
            ["The Docker engine is there, and this user may not use it (permission denied).", "usermod -aG docker"],
        ),
        (
            "exit 1",
            "tcp://build:2375",
            ["No Docker engine answers at DOCKER_HOST=tcp://build:2375.", "unset DOCKER_HOST"],
        ),
    ],
)
def test_an_engine_that_is_closed_to_this_user_or_is_elsewhere_is_told_from_none(tmp_path, docker, host, said):
    path = tools(tmp_path, docker=docker, id="echo 1000", uname="echo Linux")
    environment = {**os.environ, "PATH": path, "DOCKER_HOST": host}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and len(lines) == 2 and lines[0] == said[0] and said[1] in lines[1]


def tools(folder, **programs):
    """Small programs that come before the machine's. Returns the PATH that has them."""
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    "script, programs",
    [
        (
            "docker/engine.sh",
            {
                "docker": "exit 1",
                "dockerd": "exit 1",
                "setsid": "exit 0",
                # a minute and more at every look
                "date": 'echo "$(($(cat "$0.n" 2>/dev/null || echo 0) + 100))" | tee "$0.n"',
            },
        ),
        ("local_test/browser.sh", {}),
    ],
)
def test_a_log_of_root_has_a_name_that_nobody_can_know_and_the_message_tells_it(tmp_path, script, programs):
    """Somebody else's link at a fixed name would have root write where it leads."""
    names = {"id": "echo 0", "uname": "echo Linux", "apt-get": "echo from apt; exit 1", **programs}
    bin_folder, temporary = tmp_path / "bin", tmp_path / "temporary"
    bin_folder.mkdir(), temporary.mkdir()
    # Of the machine's own programs those alone that the script calls, so that it finds neither an engine nor a browser.
    for name in ("mktemp", "sleep", "rmdir", "rm", "cat", "tee", "dirname"):
        (bin_folder / name).symlink_to(shutil.which(name))
    tools(bin_folder, **names)
    environment = {"PATH": str(bin_folder), "TMPDIR": str(temporary), "DOCKER_HOST": ""}
    told = set()
    for _ in range(2):
        done = subprocess.run(["/bin/sh", ROOT / script], env=environment, capture_output=True, text=True)
        assert done.returncode == 1, done
        [log] = re.findall(rf"see ({re.escape(str(temporary))}/[^,;]*?)\.?(?:,|$)", done.stderr.strip())
        assert Path(log).is_file() and 0 in (Path(log).stat().st_mode & 0o077, Path(log).parent.stat().st_mode & 0o077)
        told.add(log)
    assert len(told) == 2


@pytest.mark.parametrize(
    "script",
    sorted(str(one.relative_to(ROOT)) for folder in ("docker", "local_test") for one in (ROOT / folder).rglob("*.sh")),
)
def test_no_script_of_the_host_writes_a_fixed_name_in_the_temporary_folder(script):
    assert not re.search(r">\s*/tmp/|(?<![:}])/tmp/[a-z]", (ROOT / script).read_text())
