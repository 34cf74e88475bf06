"""EnableNetworkIsolation of endpoints: they answer, and reach nothing, the host least of all."""

import os
import socket
import subprocess
import sys
import uuid
from ipaddress import ip_address

import pytest

from local_test.host.confinement import PROCESSES
from local_test.host.labels import ENDPOINT, NAMESPACE, find
from local_test.serving import container_network
from tests.host_listener import PROBE, HostListener
from tests.service.serving.harness import variant

LOOKED_UP = """
import socket, threading
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.bind(("127.0.0.1", 53))
asked.settimeout(10)
heard = []
def hear():
    heard.append(asked.recv(1000))
listener = threading.Thread(target=hear)
listener.start()
try:
    socket.gethostbyname("leak.example.com")
    print("resolved")
except OSError:
    listener.join()
    print("asked inside" if any(b"leak" in one for one in heard) else "asked nobody")
"""


@pytest.fixture(params=["at its address", "as published"])
def reached(request, monkeypatch):
    """How the service reaches containers: on this kernel, and as it must where the engine is in a virtual machine."""
    if request.param == "as published":
        monkeypatch.setattr(container_network, "reaches_containers", lambda client: False)
    return request.param


def deploy(service, isolated: bool):
    """Name and container of an endpoint in service."""
    model = service.create_model(EnableNetworkIsolation=isolated)
    before = {one.id for one in find(service.platform.engine, ENDPOINT, service.platform.service)}
    endpoint = service.in_service(service.create(service.create_config(variant(model))))
    [container] = [
        one for one in find(service.platform.engine, ENDPOINT, service.platform.service) if one.id not in before
    ]
    return endpoint, container


def run(container, program: str, *arguments: str) -> str:
    status, printed = container.exec_run(["python3", "-c", program, *arguments], user="root")
    assert status == 0, printed
    return printed.decode().strip()


def test_an_isolated_endpoint_answers_and_reaches_nothing_on_the_host(service, reached):
    endpoint, container = deploy(service, isolated=True)
    with HostListener() as listener:
        assert run(container, PROBE.read_text(), *listener.probe_arguments()).startswith("tried ")
        assert listener.heard() == []
    assert service.ask(endpoint, "status", status=200, body="answered") == "answered"


def test_an_ordinary_endpoint_reaches_the_listener_that_the_isolated_one_does_not(service):
    _, container = deploy(service, isolated=False)
    with HostListener() as listener:
        run(container, PROBE.read_text(), *listener.probe_arguments())
        assert {one.split()[0] for one in listener.heard()} == {"tcp", "udp"}


def test_names_are_asked_for_inside_an_isolated_endpoint_alone(service, reached):
    _, container = deploy(service, isolated=True)
    assert run(container, LOOKED_UP) == "asked inside"


def test_an_isolated_endpoint_cannot_change_its_firewall(service):
    _, container = deploy(service, isolated=True)
    [namespace] = find(service.platform.engine, NAMESPACE, service.platform.service)
    assert namespace.exec_run(["nft", "list", "table", "inet", "isolation"])[0] == 0
    raw = (
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12); socket.socket(socket.AF_INET, "
        "socket.SOCK_RAW, 255)"
    )
    assert "PermissionError" in container.exec_run(["python3", "-c", raw], user="root")[1].decode()
    capabilities = run(container, "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])")
    assert not int(capabilities, 16) & (1 << 12 | 1 << 13)  # NET_ADMIN, NET_RAW


@pytest.mark.parametrize("isolated", [False, True])
def test_an_endpoint_is_confined(service, isolated):
    _, container = deploy(service, isolated)
    status = run(container, "print(open('/proc/1/status').read())")
    told = {line.split(":")[0]: line.split()[-1] for line in status.splitlines() if line}
    kept = {"CapBnd": told["CapBnd"], "NoNewPrivs": told["NoNewPrivs"]}
    assert kept == {"CapBnd": "00000000200404fb", "NoNewPrivs": "1"}
    container.reload()
    assert container.attrs["HostConfig"]["PidsLimit"] == PROCESSES


def test_nothing_is_published_where_the_container_itself_can_be_reached(service, reached):
    _, container = deploy(service, isolated=False)
    container.reload()
    bound = [one for bindings in container.ports.values() for one in bindings or ()]
    assert [one["HostIp"] for one in bound] == ([] if reached == "at its address" else ["127.0.0.1"])


class Neighbour:
    """Another machine, whose route leads through this one; `here` is this one's address for it."""

    def __init__(self, name: str, here: str) -> None:
        self._name, self.here = name, here

    def reaches(self, host: str, port: int) -> bool:
        """Whether it can connect within two seconds."""
        connect = (
            "import socket, sys\n"
            "try:\n"
            "    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)\n"
            "    print('reached')\n"
            "except OSError as error:\n"
            "    print('not reached:', error)\n"
        )
        command = ["ip", "netns", "exec", self._name, sys.executable, "-c", connect, host, str(port)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert said.startswith(("reached", "not reached")), said
        return said.startswith("reached")


@pytest.fixture
def neighbour():
    if os.geteuid() != 0:
        pytest.skip("a network namespace that plays another machine needs root")
    mark = uuid.uuid4()
    name = f"n{mark.hex[:8]}"
    # Of the range for measurements (RFC 2544), each time four others: what a killed run left takes no route away.
    four = ip_address("198.18.0.0") + 4 * (mark.int % 2**15)
    here, there = f"{four + 1}", f"{four + 2}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}h", "type", "veth", "peer", "name", "outside", "netns", name)
        ip("address", "add", f"{here}/30", "dev", f"{name}h")
        ip("link", "set", f"{name}h", "up")
        ip("-n", name, "address", "add", f"{there}/30", "dev", "outside")
        ip("-n", name, "link", "set", "outside", "up")
        ip("-n", name, "route", "add", "default", "via", here)
        yield Neighbour(name, here)
    finally:
        ip("netns", "delete", name)  # the interfaces go with it


def test_another_machine_does_not_reach_an_endpoints_container(service, neighbour):
    with socket.create_server((neighbour.here, 0)) as reachable:  # of this machine: what the neighbour can reach
        assert neighbour.reaches(*reachable.getsockname())
    for isolated in (False, True):
        _, container = deploy(service, isolated)
        [held] = find(service.platform.engine, NAMESPACE, service.platform.service) if isolated else [container]
        host, port = container_network.address(held, 8080)
        socket.create_connection((host, port), timeout=2).close()
        assert not neighbour.reaches(host, port)
