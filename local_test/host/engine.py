"""The Docker engine: where it listens and what it offers."""

import os
import platform
import socket
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from typing import Any

import docker
from docker.context import ContextAPI
from docker.errors import DockerException, NotFound
from docker.types import DeviceRequest

from local_test.host.error_words import cause

CONNECTIONS = 200
FIRST_THAT_CLOSES_LOOPBACK = 28  # version of the engine


class NoEngine(RuntimeError):
    """No Docker engine answers; the message says what to do."""


def connect() -> docker.DockerClient:
    """A client of the engine at DOCKER_HOST, else at the current context's address (without a context's own TLS files).

    Docker Desktop listens where its context says, not at /var/run/docker.sock. Raises NoEngine.
    """
    try:
        context = ContextAPI.get_current_context()
        where = {} if "DOCKER_HOST" in os.environ or context is None else {"base_url": context.Host}
        # Every log that is followed keeps a connection.
        client = (
            docker.DockerClient(**where, max_pool_size=CONNECTIONS)
            if where
            else docker.from_env(max_pool_size=CONNECTIONS)
        )
        client.ping()
    except (DockerException, ValueError) as error:  # the latter of an address that is none
        raise NoEngine(why_none(str(error), os.environ.get("DOCKER_HOST", ""))) from error
    return client


def why_none(error: str, docker_host: str = "") -> str:
    """The sentence of NoEngine. error: what the engine's SDK says. docker_host: DOCKER_HOST, '' without it."""
    if "Permission denied" in error or "PermissionError" in error:
        return (
            "The Docker engine is there, and this user may not use it (permission denied). Join its group, then log in "
            "again: sudo usermod -aG docker $USER"
        )
    if docker_host:
        return (
            f"No Docker engine answers at {docker_host}, which DOCKER_HOST names ({cause(error)}). Start that one, or "
            "take this machine's: unset DOCKER_HOST"
        )
    return (
        f"No Docker engine answers ({cause(error)}). Start Docker Desktop, or the engine (sudo systemctl start "
        "docker); in a clone of this repository `make engine` installs one."
    )


@cache
def gpu_requests(client: docker.DockerClient) -> list[DeviceRequest]:
    """All GPUs when the engine can hand them to a container, else none.

    The NVIDIA container toolkit shows up as a runtime, or as CDI devices on newer engines.
    """
    info = client.info()
    devices = [device.get("ID", "") for device in info.get("DiscoveredDevices") or []]
    if "nvidia" in info.get("Runtimes", {}) or any(device.startswith("nvidia.com/gpu") for device in devices):
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return []


@cache
def memory(client: docker.DockerClient) -> int:
    """Bytes of memory that the engine has for its containers."""
    return client.info()["MemTotal"]


@cache
def cores(client: docker.DockerClient) -> tuple[int, ...]:
    """Numbers of the processor cores that the engine has for its containers.

    It tells how many there are. Where this process may use as many, they are those: inside another container they need
    not begin at 0."""
    count = client.info()["NCPU"]
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []  # macOS has no such call
    return tuple(ours) if len(ours) == count else tuple(range(count))


@cache
def is_virtual_machine(client: docker.DockerClient) -> bool:
    """Whether the engine has a kernel of its own (Docker Desktop): named pipes and container addresses then do not
    reach it.
    """
    return "Docker Desktop" in client.info().get("OperatingSystem", "")


@dataclass(frozen=True)
class Bridge:
    """The engine's default network, in this process's own network. gateway: this machine's address in it. subnet: of
    its containers.
    """

    gateway: str
    subnet: str


@cache
def bridge(client: docker.DockerClient) -> Bridge | None:
    """None where this process and containers cannot connect to each other's addresses.

    That is where the engine is in a virtual machine, is rootless, or gave this process's container its socket.
    """
    if not is_on_this_kernel(client.info()):
        return None
    try:
        pools = client.networks.get("bridge").attrs["IPAM"]["Config"] or []
    except NotFound:  # switched off in the engine's configuration
        return None
    # A new engine tells the subnet alone; its own address is then the first.
    found = [
        Bridge(pool.get("Gateway") or str(next(ip_network(pool["Subnet"]).hosts())), pool["Subnet"]) for pool in pools
    ]
    return next((one for one in found if _is_ours(one.gateway)), None)


def reaches_containers(client: docker.DockerClient) -> bool:
    """Whether this process can connect to the addresses of containers."""
    return bridge(client) is not None


def is_on_this_kernel(info: dict[str, Any]) -> bool:
    """info: what the engine tells about itself. All of WSL is one kernel, but Docker Desktop's network there is its
    own.
    """
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or [])
    return (
        info.get("KernelVersion") == platform.release()
        and not rootless
        and "Docker Desktop" not in info.get("OperatingSystem", "")
    )


def published_ports_warning(info: dict[str, Any]) -> str | None:
    """A sentence where ports that are published on 127.0.0.1 can be reached from other machines, else None.

    info: what the engine tells about itself.
    """
    major = info.get("ServerVersion", "").partition(".")[0]
    if not major.isdecimal() or int(major) >= FIRST_THAT_CLOSES_LOOPBACK or not is_on_this_kernel(info):
        return None
    return (
        f"Docker Engine {info['ServerVersion']} lets other machines of your network segment connect to ports that "
        "containers publish on 127.0.0.1 "
        f"(moby issue 45610). Jobs and endpoints publish none; the registry does, and asks for a password. "
        f"Docker Engine {FIRST_THAT_CLOSES_LOOPBACK} closes this."
    )


def emulation_note(info: dict[str, Any]) -> str | None:
    """A sentence where the engine's processor is another than that of SageMaker's instances, else None.

    info: what the engine tells about itself.
    """
    processor = info.get("Architecture", "")
    if processor in ("", "x86_64", "amd64"):
        return None
    return (
        f"The Docker engine is for {processor}: containers run as linux/amd64 all the same, by emulation, since the "
        "instances of SageMaker that are run here are x86-64 and so are images for them. Expect them to be several "
        "times slower, and build yours with docker build --platform linux/amd64."
    )


def _is_ours(address: str) -> bool:
    """Whether an interface of this process's network has this address."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
