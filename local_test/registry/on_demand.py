"""The registry of one service, started when something first asks for it: a service that pushes nothing needs none."""

import threading
from collections.abc import Callable

from docker import DockerClient

from local_test.registry.registry import Registry
from local_test.registry.registry_api import RegistryRefused
from local_test.registry.registry_image import RegistryError
from local_test.registry.resolve import local_image


class OnDemandRegistry:
    """port: the one it had, or None. started: told the port when the registry runs. Safe to use from many threads."""

    def __init__(self, client: DockerClient, name: str, port: int | None, started: Callable[[int], None]):
        self._client, self._name, self._port, self._started = client, name, port, started
        self._registry: Registry | None = None
        self._lock = threading.Lock()

    @property
    def host(self) -> str:
        """'127.0.0.1:PORT'. Starts the registry, which the first time on a machine takes a minute. Raises RegistryError."""
        with self._lock:
            if self._registry is None or not self._registry.is_running():  # somebody may have removed its container
                self._registry = Registry.start(self._client, self._name, self._port)
                self._port = self._registry.port
                self._started(self._port)
            return self._registry.host

    def local_image(self, uri: str) -> str:
        """Id in the engine of the image that a request names. Raises ValueError with the next step."""
        try:
            return local_image(self._client, uri, self)
        except RegistryError as error:
            raise ValueError(str(error)) from error
        except (RegistryRefused, OSError) as error:  # the engine's errors, such as a full disk, are OSErrors
            raise ValueError(f"{uri} cannot be had from the local registry: {error}") from error

    def stop(self) -> None:
        with self._lock:
            if self._registry is not None:
                self._registry.stop()
                self._registry = None
