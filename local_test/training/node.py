"""One host of a job: a container with its files, from its creation to its removal."""

import contextlib
import tarfile
import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.types import Mount

from local_test.host.archives import folder_archive
from local_test.host.confinement import CONFINEMENT
from local_test.host.engine import gpu_requests, memory
from local_test.host.labels import remove
from local_test.storage.log_lines import lines
from local_test.training.job_log import as_they_come, missing

SECONDS_TO_STOP = 120  # between SIGTERM and SIGKILL
LAST_ENTRIES = 2  # of the engine's log: what stdout and stderr end with
LAST_BYTES = LAST_ENTRIES * 16 * 1024  # an entry is at most this long


@dataclass(frozen=True)
class Program:
    """What runs on every host of a job.

    image: its id in the engine. entrypoint: None for the image's own. command: its arguments.
    """

    image: str
    entrypoint: list[str] | None
    command: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class HostFiles:
    """What one host finds in its container.

    tree: tar archive, unpacked at / in the container: nothing of root's appears on this machine. mounts: of the engine.
    copies: path in the container, a volume there -> folder whose files go there before it starts."""

    tree: bytes
    mounts: list[Mount] = field(default_factory=list)
    copies: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Exit:
    """status: of the container's first process. out_of_memory: the kernel killed it for memory."""

    status: int
    out_of_memory: bool


class Node:
    """host: `algo-1`, ... container: created, not started."""

    def __init__(self, host: str, container: Container):
        self.host, self.container = host, container
        self._terminated = threading.Lock()  # never released

    @classmethod
    def create(
        cls,
        client: DockerClient,
        host: str,
        program: Program,
        files: HostFiles,
        network: Mapping[str, Any],
        labels: dict[str, str],
        cpuset: str | None = None,
    ) -> "Node":
        """Create the container and lay out what is there before it starts.

        Args:
            files: what it finds in its container.
            network: options of the engine that give the host its name and its network.
            labels: of the container; the service finds it by them.
            cpuset: its cores, such as `0-1`; None: all.
        """
        container = client.containers.create(
            program.image,
            program.command,
            entrypoint=program.entrypoint,
            environment=dict(program.environment),
            mounts=files.mounts,
            labels=labels,
            device_requests=gpu_requests(client),
            shm_size=memory(client) // 2,  # as on the platform, where programs share tensors between processes
            platform="linux/amd64",
            cpuset_cpus=cpuset,
            **CONFINEMENT,
            **network,
        )
        node = cls(host, container)
        try:
            node.container.put_archive("/", files.tree)
            for target, folder in files.copies.items():
                node.container.put_archive("/", folder_archive(folder, target))
        except BaseException:
            node.remove()
            raise
        return node

    @property
    def shell_command(self) -> str:
        """What opens a shell in it while it runs."""
        return f"docker exec -it {self.container.name} sh"

    def log(self) -> Generator[list[str], None, None]:
        """The lines that the container prints, as they come, until it ends."""
        return as_they_come(lines(self._printed()))

    def _printed(self) -> Iterator[bytes]:
        """Engines may end a log that is followed before the last line, when that has no end of its own."""
        seen = b""
        for chunk in self.container.logs(stream=True, follow=True):
            yield chunk
            seen = (seen + chunk)[-LAST_BYTES:]
        self.container.wait()
        yield missing(seen, self.container.logs(tail=LAST_ENTRIES))

    def wait(self) -> Exit:
        status = self.container.wait()["StatusCode"]
        self.container.reload()
        return Exit(status, self.container.attrs["State"]["OOMKilled"])

    def terminate(self) -> None:
        """SIGTERM, and SIGKILL after 120 seconds. Once: to many programs a second SIGTERM means to leave what they are
        saving.
        """
        if not self._terminated.acquire(blocking=False):
            return
        # NotFound: it was removed in this instant. APIError: it had not started.
        with contextlib.suppress(NotFound, APIError):
            self.container.stop(timeout=SECONDS_TO_STOP)

    def beginning_of(self, path: str, size: int) -> str | None:
        """The first `size` bytes of a file in the container, as text; None where there is none."""
        content = self.first_bytes(path, size)
        return None if content is None else content.decode(errors="replace")

    def first_bytes(self, path: str, size: int) -> bytes | None:
        """The first `size` bytes of a file in the container; None where there is none."""
        try:
            stream, _ = self.container.get_archive(path)
        except NotFound:
            return None
        # As a stream, and its beginning only: the file may be of any size. Leaving it unread ends the transfer.
        with contextlib.closing(stream), tarfile.open(fileobj=cast(IO[bytes], _Reader(stream)), mode="r|") as archive:
            member = archive.next()
            content = archive.extractfile(member) if member and member.isfile() else None
            return content.read(size) if content else None

    def remove(self) -> None:
        remove(self.container)


class _Reader:
    """An iterator of bytes as what tarfile reads a stream from: it calls nothing but `read`."""

    def __init__(self, chunks: Iterator[bytes]):
        self._chunks, self._rest = chunks, b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (chunk := next(self._chunks, None)) is not None:
            self._rest += chunk
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
