"""`docker/build_proxies.sh`: the proxies of the shell, for the steps of a build."""

import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docker"
PROXY = "http://user:word@proxy.example.com:3128"


@pytest.fixture
def flags(tmp_path):
    """flags(variables) -> what it prints, and what it says on stderr."""

    def run(**variables: str) -> tuple[list[str], str]:
        environment = {"PATH": "/usr/bin:/bin", "DOCKER_CONFIG": str(tmp_path), **variables}
        done = subprocess.run(
            [FOLDER / "build_proxies.sh"], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split("\n")[:-1], done.stderr

    return run


def test_none_are_none(flags):
    assert flags(HTTP_PROXY="", PATH="/usr/bin:/bin") == ([], "")


def test_each_is_named_and_no_value_is_shown(flags):
    said = flags(HTTPS_PROXY=PROXY, http_proxy=PROXY, no_proxy="localhost,.example.com", HOME="/root")
    assert said == (["--build-arg=http_proxy", "--build-arg=HTTPS_PROXY", "--build-arg=no_proxy"], "")


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:3128", "127.0.0.1:3128", "http://a:b@localhost:1", "localhost:1", "http://[::1]:1"]
)
def test_one_on_loopback_is_left_out_and_named(flags, proxy):
    found, said = flags(HTTPS_PROXY=proxy, HTTP_PROXY=PROXY)
    assert found == ["--build-arg=HTTP_PROXY"] and said.startswith("HTTPS_PROXY is a proxy on this machine's loopback")


def test_docker_s_configuration_comes_first(flags, tmp_path):
    (tmp_path / "config.json").write_text('{"auths": {}}')
    assert flags(HTTPS_PROXY=PROXY)[0] == ["--build-arg=HTTPS_PROXY"]
    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpsProxy": "http://for.containers:1"}}}')
    assert flags(HTTPS_PROXY=PROXY) == ([], "")


def test_the_build_takes_them():
    assert "$(docker/build_proxies.sh | tr '\\n' ' ')" in (FOLDER / "build.sh").read_text()
