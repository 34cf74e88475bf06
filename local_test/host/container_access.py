"""How the program in a container reaches the AWS services that are here: an address, and a key that ends with the
container.

On the platform the container has the credentials of the job's or model's role, and a region; SDKs read both from the
environment: https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html"""

import copy
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from docker import DockerClient

from local_test.host.engine import bridge, is_virtual_machine

if TYPE_CHECKING:  # the API is above this package
    from local_test.api.access_keys import AccessKeys

DESKTOP_HOST = (
    "host.docker.internal"  # leads to this machine's loopback: https://docs.docker.com/desktop/features/networking/
)
# A request that names one of these says itself where its container's AWS is, and who it is there.
OF_THE_USER = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
UNREACHABLE = (
    "The Docker engine's containers cannot reach the local SageMaker (the engine is rootless, or another "
    "container's), so this one has no "
    "address and no credentials of AWS services: S3 from within it does not work."
)


@dataclass(frozen=True)
class Grant:
    """variables: for the container's environment. end: to be called when the container is gone. missing: why there are
    none, else None.
    """

    variables: dict[str, str]
    end: Callable[[], None]
    missing: str | None = None


class ContainerAccess:
    """Safe to use from many threads. host, port: where containers find the service; host None: they cannot."""

    def __init__(self, keys: "AccessKeys", region: str, host: str | None, subnets: tuple[str, ...] = ()):
        """subnets: whose addresses `admits` from the start."""
        self._keys, self._region, self.host = keys, region, host
        self._lock = threading.Lock()
        self._admitted = [ip_network(subnet) for subnet in subnets]
        self.port = 0

    @classmethod
    def through(cls, client: DockerClient, keys: "AccessKeys", region: str) -> "ContainerAccess":
        """As the engine allows it."""
        if found := bridge(client):
            return cls(keys, region, found.gateway, (found.subnet,))
        return cls(keys, region, DESKTOP_HOST if is_virtual_machine(client) else None)

    def in_region(self, region: str) -> "ContainerAccess":
        """The same address, and the same admitted networks, for containers of another region."""
        other = copy.copy(self)
        other._region = region
        return other

    @property
    def gateway(self) -> str | None:
        """The address of this machine that has to be listened at; None where containers come to loopback."""
        return None if self.host in (None, DESKTOP_HOST) else self.host

    @property
    def netloc(self) -> str | None:
        return f"{self.host}:{self.port}" if self.host else None

    def admits(self, address: str) -> bool:
        """Whether a caller is a container on a network of this engine's that was admitted, and not a program of another
        machine.
        """
        caller = ip_address(address)
        with self._lock:
            return any(caller in subnet for subnet in self._admitted)

    def admit(self, subnet: str) -> Callable[[], None]:
        """Hear the containers of one more network, until the returned function is called."""
        network = ip_network(subnet)
        with self._lock:
            self._admitted.append(network)

        def end() -> None:
            with self._lock:
                self._admitted.remove(network)

        return end

    def grant(self, role: str, requested: Mapping[str, str]) -> Grant:
        """For one container that is not isolated. role: ARN of who it is. requested: the Environment of its request,
        which wins.
        """
        if any(name in requested for name in OF_THE_USER):
            return Grant({}, lambda: None)
        if not self.host:
            return Grant({}, lambda: None, UNREACHABLE)
        key = self._keys.issue(role)
        url = f"http://{self.netloc}"
        variables = {
            "AWS_ENDPOINT_URL": url,
            "S3_ENDPOINT_URL": url,  # the toolkits' own, for a boto3 older than AWS_ENDPOINT_URL (1.28)
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "AWS_SESSION_TOKEN": key.session_token or "",
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
        }
        return Grant(variables, lambda: self._keys.end(key))
