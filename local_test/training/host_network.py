"""The network that joins the hosts of one job: each has an address before any of them starts, as instances on AWS have.

Names that only appear when their container starts would be asked for too early, and cost the first host a DNS timeout.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

ATTEMPTS = 5  # another program may take the free subnet in between


@dataclass(frozen=True)
class HostNetwork:
    """addresses: of each host. remove: call it when the containers are gone."""

    name: str
    addresses: dict[str, str]
    remove: Callable[[], None]


def join(client: DockerClient, name: str, hosts: list[str], isolated: bool, labels: dict[str, str]) -> HostNetwork:
    """Make a bridge network for the hosts; an isolated one leads to them and nowhere else.

    The engine lets addresses be chosen only in a subnet that was named, so a network is made once to learn of a free one.
    """
    for attempts_left in reversed(range(ATTEMPTS)):
        found = client.networks.create(name, driver="bridge", labels=labels)
        subnet = _subnet(found)
        found.remove()
        pool = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
        try:
            network = client.networks.create(name, driver="bridge", internal=isolated, labels=labels, ipam=pool)
            break
        except APIError:
            if not attempts_left:
                raise
    free = ip_network(subnet).hosts()
    next(free)  # the gateway
    return HostNetwork(name, {host: str(next(free)) for host in hosts}, lambda: _remove(network))


def _remove(network: Network) -> None:
    with contextlib.suppress(NotFound):  # somebody removed it by its label
        network.remove()


def _subnet(network: Network) -> str:
    network.reload()
    return network.attrs["IPAM"]["Config"][0]["Subnet"]
