"""A real Docker registry on loopback, in a container: what an engine pushes to it, an engine can pull from it.

Its network is its own: no job's container reaches it, neither at its address nor at the host's.

A container rather than a process of the host, because the engine of Docker Desktop runs in a virtual machine: it
reaches what containers publish on 127.0.0.1, not what the host listens on."""

import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from local_test.host.labels import NAME, REGISTRY, filters, labels, remove, remove_network
from local_test.host.small_image import small_image
from local_test.registry import container_files
from local_test.registry.registry_api import RegistryApi, RegistryRefused
from local_test.registry.users import Users

READY_SECONDS = 30  # it takes one; collecting what deleted images held may take longer on a slow disk
PROCESSES = 512
INGREDIENTS = ("Dockerfile", "config.yml", "start.sh", "nginx.conf")


class RegistryError(RuntimeError):
    """There is no registry; the message says why, and what to do."""


class Registry:
    """host: '127.0.0.1:PORT', what image names begin with. Images are in a named volume, which outlives the
    container.
    """

    def __init__(
        self, client: DockerClient, name: str, container: Container, users: Users, repositories: Mapping[str, bool]
    ):
        self._client, self._name, self._container = client, name, container
        self._users, self._repositories = users, dict(repositories)
        container.reload()
        self.port = int(container.ports["5000/tcp"][0]["HostPort"])
        self.host = f"127.0.0.1:{self.port}"

    @classmethod
    def start(
        cls,
        client: DockerClient,
        name: str,
        port: int | None,
        users: Users,
        account: str,
        repositories: Mapping[str, bool],
        service: str,
    ) -> "Registry":
        """The registry of that name, ready to answer. What an earlier process left running of it is replaced.

        Args:
            port: on loopback; None lets the engine choose a free one.
            account: the id that refusals name.
            repositories: those that one may push to, and whether their tags are immutable.
            service: that it belongs to; one for each region.

        Raises RegistryError, ImageNotBuilt.
        """
        image = small_image(client, "local-sagemaker-registry", Path(__file__).parent, INGREDIENTS)
        _remove_containers(client, name)
        marks = labels(REGISTRY, name, service)
        try:
            client.volumes.create(volume_name(name), labels=marks)
            network = client.networks.create(volume_name(name), driver="bridge", labels=marks)
            container = client.containers.create(
                image,
                labels=marks,
                ports={"5000/tcp": ("127.0.0.1", port)},
                network=network.id,
                volumes={volume_name(name): {"bind": "/var/lib/registry", "mode": "rw"}},
                # nginx gives its worker another user; nothing else takes a capability. Without a proxy: it asks nobody.
                cap_drop=["ALL"],
                cap_add=["SETUID", "SETGID"],
                security_opt=["no-new-privileges:true"],
                pids_limit=PROCESSES,
                use_config_proxy=False,
            )
            container.put_archive(container_files.FOLDER, container_files.before_start(users, account, repositories))
            container.start()
            registry = cls(client, name, container, users, repositories)
            registry._wait_until_ready()
            return registry
        except APIError as error:
            _remove_containers(client, name)
            raise RegistryError(
                f"The registry could not be started on 127.0.0.1:{port or '(any port)'}: {error.explanation or error}. "
                "Where the port is taken: end what listens there, and start again."
            ) from error
        except BaseException:
            _remove_containers(client, name)
            raise

    def is_running(self) -> bool:
        try:
            self._container.reload()
        except NotFound:
            return False
        return self._container.status == "running"

    def set_repositories(self, repositories: Mapping[str, bool]) -> None:
        """From now on one may push to these, and whether their tags are immutable is as said. Raises RegistryError."""
        added = container_files.added(self._repositories, repositories)
        removed = container_files.removed(self._repositories, repositories)
        try:
            if added:
                self._container.put_archive(container_files.FOLDER, added)
            if removed:
                status, said = self._container.exec_run(["rm", "--force", "--", *removed])
                if status:
                    raise RegistryError(
                        f"The registry cannot take note of its repositories: {said.decode(errors='replace').strip()}"
                    )
        except APIError as error:
            raise RegistryError(
                f"The registry cannot take note of its repositories: {error.explanation or error}"
            ) from error
        self._repositories = dict(repositories)

    def stop(self) -> None:
        """Remove the container and its network; the images stay in the volume."""
        _remove_containers(self._client, self._name)

    def remove_data(self) -> None:
        """Remove the volume with every image in it. Stop the registry first."""
        with suppress(NotFound):
            self._client.volumes.get(volume_name(self._name)).remove(force=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            self._container.reload()
            if self._container.status != "running" or time.monotonic() > deadline:
                said = self._container.logs(tail=20).decode(errors="replace").strip()
                raise RegistryError(f"The registry does not answer on {self.host}. It said: {said or '(nothing)'}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            RegistryApi(self.host, self._users.service).ping()
        except (RegistryRefused, OSError, HTTPException):
            return False
        return True


def volume_name(name: str) -> str:
    """Of the registry's network, too."""
    return f"local-sagemaker-registry-{name}"


def _remove_containers(client: DockerClient, name: str) -> None:
    """With their network, which nothing else is on."""
    ours = {"label": [*filters(REGISTRY)["label"], f"{NAME}={name}"]}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        remove(container)
    for network in client.networks.list(filters=ours):
        remove_network(network)
