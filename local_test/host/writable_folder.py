"""A folder of this machine as a container may find it after a download: writable there, while nothing here changes.

On Linux the engine mounts an overlay (https://docs.kernel.org/filesystems/overlayfs.html): nothing is copied but what a
program writes to, and the writes stay in volumes of the engine's. Where it cannot, because it does not see this
machine's files under their own paths (Docker Desktop) or may not mount, the files are copied into the container.
"""

import contextlib
import tarfile
import threading
from contextlib import ExitStack
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.volumes import Volume
from docker.types import DriverConfig, Mount

from local_test.host.archives import spooled_archive
from local_test.host.confinement import CONFINEMENT
from local_test.host.labels import labels, remove

PROBE = "writable-folder"  # label of the container that is created, never started, to try an overlay
PROBED_FILE = "probe"
SEPARATORS = frozenset(",:\\\"'")  # of the options of a mount: no path with one can stand there


class WritableFolders:
    def __init__(self, client: DockerClient, service: str, folder: Path):
        """folder: of the service, where it may write; service: its name, for the labels."""
        self._client, self._service, self._folder = client, service, folder
        self._lock = threading.Lock()
        self._engine_overlays: bool | None = None

    def mount(self, folder: Path, target: str, image: str, marks: dict[str, str], cleanup: ExitStack) -> Mount | None:
        """An overlay of `folder` for one container; its volumes go with `cleanup`, after the container.

        Args:
            folder: on this machine; must not change while the container runs.
            target: absolute path in the container.
            image: id of any image in the engine: where this is the first overlay, it is tried on a container of it.
            marks: labels of the volumes.

        Returns None where the engine cannot: then the container needs a copy of the files.
        """
        if SEPARATORS & set(str(folder)) or not self._can_overlay(image):
            return None
        return self._overlay(folder, target, marks, cleanup)

    def _overlay(self, folder: Path, target: str, marks: dict[str, str], cleanup: ExitStack) -> Mount:
        written, work = (self._volume(marks, cleanup) for _ in range(2))
        options = {
            "type": "overlay",
            "device": "overlay",
            "o": f"lowerdir={folder},upperdir={written.attrs['Mountpoint']},workdir={work.attrs['Mountpoint']}",
        }
        # Without a name: it is removed with its container.
        return Mount(target, None, type="volume", driver_config=DriverConfig("local", options), labels=marks)

    def _volume(self, marks: dict[str, str], cleanup: ExitStack) -> Volume:
        volume = self._client.volumes.create(labels=marks)
        cleanup.callback(_remove, volume)
        return volume

    def _can_overlay(self, image: str) -> bool:
        """Asked of the engine once: whether a file of this machine comes out of an overlay in a container."""
        with self._lock:
            if self._engine_overlays is None:
                self._engine_overlays = self._probe(image)
            return self._engine_overlays

    def _probe(self, image: str) -> bool:
        folder = self._folder / PROBE
        folder.mkdir(exist_ok=True)
        (folder / PROBED_FILE).write_text(self._service)
        marks = labels(PROBE, PROBE, self._service)
        with ExitStack() as cleanup:
            mount = self._overlay(folder, f"/{PROBE}", marks, cleanup)
            try:
                # With a command, because an image may have none; nothing runs.
                container = self._client.containers.create(
                    image, ["none"], mounts=[mount], labels=marks, platform="linux/amd64", **CONFINEMENT
                )
                cleanup.callback(remove, container)
                chunks, _ = container.get_archive(f"/{PROBE}/{PROBED_FILE}")
                with spooled_archive(chunks) as spooled, tarfile.open(fileobj=spooled) as archive:
                    content = archive.extractfile(PROBED_FILE)
                    return content is not None and content.read() == self._service.encode()
            except APIError:  # no mount: wrong paths, no permission, no overlay
                return False


def _remove(volume: Volume) -> None:
    with contextlib.suppress(NotFound):
        volume.remove(force=True)
