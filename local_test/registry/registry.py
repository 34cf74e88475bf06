"""A real Docker registry on loopback, in a container: what an engine pushes to it, an engine can pull from it.

A container rather than a process of the host, because the engine of Docker Desktop runs in a virtual machine: it reaches
what containers publish on 127.0.0.1, not what the host listens on.
"""

import http.client
import time

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from local_test.labels import REGISTRY, filters, labels, remove
from local_test.registry.registry_image import RegistryError, registry_image

READY_SECONDS = 30  # it takes one; collecting what deleted images held may take longer on a slow disk


class Registry:
    """host: '127.0.0.1:PORT', what image names begin with. Images are in a named volume, which outlives the container."""

    def __init__(self, client: DockerClient, name: str, container: Container):
        self._client, self._name, self._container = client, name, container
        container.reload()
        self.port = int(container.ports["5000/tcp"][0]["HostPort"])
        self.host = f"127.0.0.1:{self.port}"

    @classmethod
    def start(cls, client: DockerClient, name: str, port: int | None) -> "Registry":
        """The registry of that name, ready to answer. What an earlier process left running of it is replaced.

        port: on loopback; None lets the engine choose a free one. Raises RegistryError.
        """
        image = registry_image(client)
        for leftover in client.containers.list(all=True, filters=filters(REGISTRY, name), ignore_removed=True):
            remove(leftover)
        marks = labels(REGISTRY, name, name)
        client.volumes.create(volume_name(name), labels=marks)
        container = client.containers.create(
            image, labels=marks, ports={"5000/tcp": ("127.0.0.1", port)},
            volumes={volume_name(name): {"bind": "/var/lib/registry", "mode": "rw"}},
        )
        try:
            container.start()
            registry = cls(client, name, container)
            _wait_until_ready(registry)
            return registry
        except APIError as error:
            remove(container)
            raise RegistryError(
                f"The registry could not be started on 127.0.0.1:{port or '(any port)'}: {error.explanation or error}. "
                "Where the port is taken: end what listens there, and start again."
            ) from error
        except BaseException:
            remove(container)
            raise

    def is_running(self) -> bool:
        try:
            self._container.reload()
        except NotFound:
            return False
        return self._container.status == "running"

    def stop(self) -> None:
        """Remove the container; the images stay in the volume."""
        remove(self._container)

    def remove_data(self) -> None:
        """Remove the volume with every image in it. Stop the registry first."""
        try:
            self._client.volumes.get(volume_name(self._name)).remove(force=True)
        except NotFound:
            pass


def volume_name(name: str) -> str:
    return f"local-sagemaker-registry-{name}"


def _wait_until_ready(registry: Registry) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(registry.port):
        registry._container.reload()
        if registry._container.status != "running" or time.monotonic() > deadline:
            said = registry._container.logs(tail=20).decode(errors="replace").strip()
            raise RegistryError(f"The registry does not answer on {registry.host}. It said: {said or '(nothing)'}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
