"""Where and as whom the container runs, and what of it can be reached."""

import pytest

from tests.serving.conftest import wait_for

INVOKE = """
import urllib.request, urllib.error
try: print(urllib.request.urlopen('http://127.0.0.1:8080/ping', timeout=2).status)
except urllib.error.URLError as error: print(error)
"""


def test_only_the_public_port_can_be_reached_from_outside(serve):
    environment = {"SAGEMAKER_BIND_TO_PORT": "14321", "SAGEMAKER_SAFE_PORT_RANGE": "14000-14999"}
    with serve(environment=environment) as served:
        assert listening(served) == {("any", 14321), ("loopback", 14000), ("loopback", 14001), ("loopback", 14002)}


def listening(served) -> set[tuple[str, int]]:
    found = set()
    for table in ("tcp", "tcp6"):
        for line in served.container.exec_run(["cat", f"/proc/net/{table}"]).output.decode().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A":
                host, port = address.split(":")
                loopback = host in ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
                found.add(("loopback" if loopback else "any", int(port, 16)))
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"read_only": True},
        {"read_only": True, "cap_drop": ["ALL"], "user": "1234:1234"},
        {"user": "1234:1234"},
        {"read_only": True, "tmpfs": {"/tmp": "noexec"}},
    ],
    ids=["read-only", "read-only-user-no-capabilities", "user", "noexec-tmp"],
)
def test_it_serves_with_few_rights(serve, picture, options):
    with serve(**options) as served:
        assert served.invoke(picture).status == 200
        assert served.ask("GET", "/ping").status == 200


def test_it_serves_without_a_network(serve):
    with serve(wait=False, network_mode="none", read_only=True) as served:
        wait_for(lambda: served.container.exec_run(["python", "-c", INVOKE]).output.strip() == b"200", what=served.log)


def test_cores_and_threads_follow_the_cpu_quota(serve):
    with serve(nano_cpus=1_000_000_000) as served:
        assert "1 worker(s) of 1 thread(s)" in served.log


def test_workers_are_as_many_as_asked(serve, picture):
    with serve(environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "2"}) as served:
        assert len(served.workers()) == 2
        assert {one.status for one in served.invoke_all([picture] * 64, at_once=16)} == {200}
