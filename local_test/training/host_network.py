"""The network that joins the hosts of one job: each has an address before any of them starts, as instances on AWS have.

Names that only appear when their container starts would be asked for too early, and cost the first host a DNS timeout.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from docker import DockerClient
from docker.errors import APIError
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from local_test.host.isolation.network_namespace import NetworkNamespace, hold, peers_only
from local_test.host.labels import remove_network

ATTEMPTS = 5  # another program may take the free subnet in between
NO_HOST_ADDRESS = {
    "com.docker.network.bridge.inhibit_ipv4": "true"
}  # the bridge has none: the engine's host is not in this network


@dataclass(frozen=True)
class HostNetwork:
    """name: its id in the engine. subnet, addresses: of it, and of each host in it. remove: call it when the containers
    are gone.

    namespaces: of each host, where the job is isolated; its container joins that instead of the network.
    """

    name: str
    subnet: str
    addresses: dict[str, str]
    remove: Callable[[], None]
    namespaces: dict[str, NetworkNamespace] = field(default_factory=dict)

    def options(self, host: str, client: DockerClient) -> dict[str, Any]:
        """What the container of a host is created with."""
        if self.namespaces:
            return {"network_mode": self.namespaces[host].mode}
        return _attached(client, self.name, self.addresses, host)


def join(client: DockerClient, name: str, hosts: list[str], isolated: bool, labels: dict[str, str]) -> HostNetwork:
    """Make a bridge network for the hosts; an isolated one leads to them and nowhere else.

    Raises IsolationFailed, ImageNotBuilt, and docker's APIError; then nothing of it is left.
    """
    network, subnet = _network(client, name, isolated, labels)
    with ExitStack() as undo:
        undo.callback(remove_network, network)
        free = ip_network(subnet).hosts()
        next(free)  # the gateway
        addresses = {host: str(next(free)) for host in hosts}
        namespaces = {}
        for host in hosts if isolated else ():
            namespaces[host] = hold(
                client, peers_only(addresses.values()), labels, **_attached(client, network.id, addresses, host)
            )
            undo.callback(namespaces[host].remove)
        return HostNetwork(network.id, subnet, addresses, undo.pop_all().close, namespaces)


def _attached(client: DockerClient, network: str, addresses: dict[str, str], host: str) -> dict[str, Any]:
    address = client.api.create_endpoint_config(ipv4_address=addresses[host], aliases=[host])
    return {"hostname": host, "network": network, "networking_config": {network: address}, "extra_hosts": addresses}


def _network(client: DockerClient, name: str, isolated: bool, labels: dict[str, str]) -> tuple[Network, str]:
    """The network and its subnet.

    The engine lets addresses be chosen only in a subnet that was named, so a network is made once to learn of a free
    one."""
    options = NO_HOST_ADDRESS if isolated else {}
    for attempts_left in reversed(range(ATTEMPTS)):
        found = client.networks.create(name, driver="bridge", labels=labels)
        subnet = _subnet(found)
        remove_network(found)
        pool = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
        try:
            network = client.networks.create(
                name, driver="bridge", internal=isolated, options=options, labels=labels, ipam=pool
            )
            break
        except APIError:
            if not attempts_left:
                raise
    return network, subnet


def _subnet(network: Network) -> str:
    network.reload()
    return network.attrs["IPAM"]["Config"][0]["Subnet"]
