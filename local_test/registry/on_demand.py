"""The registry of one service, started when something first asks for it: a service that pushes nothing needs none."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from docker import DockerClient

from local_test.host.error_words import in_words
from local_test.host.small_image import ImageNotBuilt
from local_test.registry.registry import Registry, RegistryError
from local_test.registry.registry_api import RegistryRefused
from local_test.registry.resolve import local_image
from local_test.registry.users import kept_users


class OnDemandRegistry:
    """Safe to use from many threads. users: who may use it, of the state folder."""

    def __init__(
        self,
        client: DockerClient,
        name: str,
        account: str,
        port: int | None,
        started: Callable[[int], None],
        state_folder: Path,
        service: str = "",
    ):
        """name: of the registry, its service's where that has no other. account: the id that ECR's refusals name. port:
        the one it had, or None.

        started: called with the port when the registry runs. state_folder: holds the passwords; private to its user.
        service: in the labels, where it is not the name.
        """
        self._service = service or name
        self._client, self._name, self._account, self._port, self._started = client, name, account, port, started
        self.users = kept_users(state_folder)
        self._repositories: dict[str, bool] = {}
        self._registry: Registry | None = None
        self._lock = threading.Lock()

    @property
    def host(self) -> str:
        """'127.0.0.1:PORT'. Starts the registry, which the first time on a machine takes a minute.

        Raises RegistryError, ImageNotBuilt.
        """
        with self._lock:
            if self._registry is None or not self._registry.is_running():  # its container may have been removed
                self._registry = Registry.start(
                    self._client,
                    self._name,
                    self._port,
                    self.users,
                    self._account,
                    self._repositories,
                    self._service,
                )
                self._port = self._registry.port
                self._started(self._port)
            return self._registry.host

    def set_repositories(self, repositories: Mapping[str, bool]) -> None:
        """What may be pushed to from now on, by name, and whether tags are immutable there. Starts nothing."""
        with self._lock:
            self._repositories = dict(repositories)
            if self._registry is not None and self._registry.is_running():
                self._registry.set_repositories(self._repositories)

    def has(self, repository: str) -> bool:
        """Whether one may push to it, and has perhaps. Starts nothing."""
        with self._lock:
            return repository in self._repositories

    def local_image(self, uri: str) -> str:
        """Id in the engine of the image that a request names. Raises ValueError with the next step."""
        try:
            return local_image(self._client, uri, self)
        except (RegistryError, ImageNotBuilt) as error:
            raise ValueError(str(error)) from error
        except RegistryRefused as error:
            raise ValueError(f"{uri} cannot be had from the local registry: {error}") from error
        except OSError as error:  # the engine's errors, such as a full disk, are OSErrors
            raise ValueError(f"{uri} cannot be looked for: {in_words(error)}") from error

    def stop(self) -> None:
        with self._lock:
            if self._registry is not None:
                self._registry.stop()
                self._registry = None
