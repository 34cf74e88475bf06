"""A network namespace with a firewall, held by a pause container; the user's container joins it and cannot change it.

The pause container is that of a Kubernetes pod: it sleeps, and keeps the namespace that other containers join. The
firewall stands before any of them starts.

Packets that are not allowed are refused rather than lost: a program that tries to reach something learns it at once.
https://wiki.nftables.org/wiki-nftables/index.php/Quick_reference-nftables_in_10_minutes
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.models.containers import Container

from local_test.host.confinement import CONFINEMENT
from local_test.host.labels import NAMESPACE, OWNED, remove
from local_test.host.small_image import small_image

IMAGE = "local-sagemaker-pause"
# Engines before 26 forward what their DNS server cannot answer also from internal networks (CVE-2024-29018). An address
# of loopback is that of the namespace itself, where nobody answers; one attempt of one second, so that programs do not
# wait.
NAME_SERVER = {"dns": ["127.0.0.1"], "dns_opt": ["timeout:1", "attempts:1"]}
PAUSE = {
    **CONFINEMENT,
    **NAME_SERVER,
    "cap_add": ["NET_ADMIN"],
    "pids_limit": 16,
    "mem_limit": "64m",
    "read_only": True,
}
# Rules of nft.
TABLE = """table inet isolation {{
  chain output {{
    type filter hook output priority filter; policy drop;
    oif lo accept
    {output}
    reject with icmpx type admin-prohibited
  }}
  chain input {{
    type filter hook input priority filter; policy drop;
    iif lo accept
    {input}
  }}
}}"""


class IsolationFailed(RuntimeError):
    """The firewall cannot be set; the message says why. Nothing has been started without it."""


@dataclass(frozen=True)
class NetworkNamespace:
    """container: the one that holds it."""

    container: Container

    @property
    def mode(self) -> str:
        """`network_mode` of a container that joins it. Host name, name resolution and published ports are the
        namespace's.
        """
        return f"container:{self.container.id}"

    def remove(self) -> None:
        """To be called when the containers that joined it are gone."""
        remove(self.container)


def answers_only(port: int) -> str:
    """Nothing leaves but the answers on connections that somebody else opened to `port`."""
    return TABLE.format(
        output=f"tcp sport {port} ct state established ct direction reply accept", input=f"tcp dport {port} accept"
    )


def peers_only(addresses: Iterable[str]) -> str:
    """Nothing is sent or received but between these IPv4 addresses."""
    peers = ", ".join(addresses)
    return TABLE.format(output=f"ip daddr {{ {peers} }} accept", input=f"ip saddr {{ {peers} }} accept")


def hold(client: DockerClient, firewall: str, labels: dict[str, str], **options: Any) -> NetworkNamespace:
    """A namespace whose `firewall`, of `answers_only` or `peers_only`, is in force.

    labels: of the job or endpoint that it is for. options: network and host name, as `containers.create` takes them.
    Raises IsolationFailed, ImageNotBuilt, and docker's APIError; then nothing of it is left.
    """
    image = small_image(client, IMAGE, Path(__file__).parent, ("Dockerfile",))
    container = client.containers.create(
        image, labels={**labels, OWNED: NAMESPACE}, platform="linux/amd64", **PAUSE, **options
    )
    try:
        container.start()
        status, said = container.exec_run(["nft", firewall])
        if status:
            raise IsolationFailed(
                "EnableNetworkIsolation needs a kernel with nftables under the Docker engine; nft said: "
                f"{said.decode(errors='replace').strip()}. "
                "Without isolation: remove EnableNetworkIsolation from the request."
            )
    except BaseException:
        remove(container)
        raise
    return NetworkNamespace(container)
