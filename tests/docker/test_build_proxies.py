"""`docker/build_proxies.py`: the proxies of this machine, for the steps of a build."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROXY = "http://user:w'or$d@proxy.example.com:3128"


@pytest.fixture
def build(tmp_path):
    """build(variables) -> the flags that build.sh hands to docker, and the environment that it hands on.

    Python's -S: no package is there but the standard library."""

    def run(**variables: str) -> tuple[str, dict[str, str]]:
        script = (
            f'flags=-; proxies=$({sys.executable} -S docker/build_proxies.py); eval "$proxies"; echo "$flags"; env -0'
        )
        environment = {"PATH": "/usr/bin:/bin", "DOCKER_CONFIG": str(tmp_path), "PYTHONPATH": ".", **variables}
        done = subprocess.run(
            ["sh", "-ec", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        flags, _, handed = done.stdout.partition("\n")
        return flags, dict(line.split("=", 1) for line in handed.split("\0") if line)

    return run


def test_without_any_nothing_is_added(build):
    flags, environment = build(HTTP_PROXY="", NO_PROXY="a.example.com")
    assert flags == "-" and environment["NO_PROXY"] == "a.example.com"


def test_each_is_named_in_both_spellings_and_no_value_is_among_the_flags(build):
    flags, environment = build(HTTPS_PROXY=PROXY, no_proxy=".example.com")
    names = ["https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"]
    assert flags.split()[1:] == [f"--build-arg={name}" for name in names]
    assert environment["https_proxy"] == environment["HTTPS_PROXY"] == PROXY
    assert environment["no_proxy"] == environment["NO_PROXY"] == ".example.com,localhost,127.0.0.1,::1"


def test_the_build_takes_them():
    text = (ROOT / "docker/build.sh").read_text()
    assert 'proxies=$(PYTHONPATH=. "$python" docker/build_proxies.py)\neval "$proxies"\n' in text
    assert text.index("build_proxies.py") < text.index('"$client" build')
