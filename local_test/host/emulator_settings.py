"""What every part of the local SageMaker stands on: the engine, the local S3, CloudWatch, the registry and the
records.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker import DockerClient

from local_test.host.container_access import ContainerAccess
from local_test.host.container_proxies import ContainerProxies
from local_test.host.state import State
from local_test.host.trusted_certificates import TrustedCertificates
from local_test.host.writable_folder import WritableFolders
from local_test.storage.local_files import LocalFiles
from local_test.storage.log_groups import LogGroups
from local_test.storage.metrics import Metrics
from local_test.storage.object_store import ObjectStore

ACCOUNT = "123456789012"  # moto's own, so that its answers and ours agree


class NoSuchImage(ValueError):
    """Neither the local registry nor the engine has the image of a request."""


@dataclass(frozen=True)
class Platform:
    """service: names this service among others on the machine; every container's label carries it. folder: its own, on
    disk.

    local_image: image URI of a request -> id of the image in the engine; raises NoSuchImage, and for what cannot run
    here or be looked for ValueError, both with the next step. files: what file:// URIs of requests may reach.
    container_access: how programs in containers reach the service. writable_folders: folders of this machine as
    containers may write to them. trusted: certificates that containers trust besides their image's. proxies: through
    which they reach other hosts. strict: fields of a request that have no effect on one machine are refused."""

    engine: DockerClient
    service: str
    folder: Path
    region: str
    state: State
    objects: ObjectStore
    logs: LogGroups
    metrics: Metrics
    local_image: Callable[[str], str]
    files: LocalFiles
    container_access: ContainerAccess
    writable_folders: WritableFolders
    trusted: TrustedCertificates = field(default_factory=TrustedCertificates)
    proxies: ContainerProxies = field(default_factory=ContainerProxies)
    strict: bool = False

    def arn(self, kind: str, name: str) -> str:
        """`training-job`, `a` -> `arn:aws:sagemaker:us-east-1:123456789012:training-job/a`."""
        return f"arn:aws:sagemaker:{self.region}:{ACCOUNT}:{kind}/{name}"

    def environment_of_container(
        self, image: str, access: Mapping[str, str], requested: Mapping[str, str], hosts: Iterable[str] = ()
    ) -> dict[str, str]:
        """All variables that a container which is not isolated is created with, besides its image's.

        Args:
            image: its id in the engine.
            access: variables with which it reaches the AWS services that are here.
            requested: the Environment of the request, which wins.
            hosts: names and addresses of its job's hosts.
        """
        lines = self.engine.images.get(image).attrs["Config"].get("Env") or ()
        of_image = dict(line.split("=", 1) for line in lines if "=" in line)
        trusted = {name: path for name, path in self.trusted.variables().items() if name not in of_image}
        local = [*([self.container_access.host] if self.container_access.host else []), *hosts]
        return {**trusted, **access, **requested, **self.proxies.environment(requested, of_image, local)}
