"""What one host gets to see under /opt/ml/input/data: mounts of folders on this machine, copies, and named pipes.

File mode is a download on the platform: a program may write to it, and often does (it unzips there, caches, changes
modes). FastFile is a mount of the bucket there, and read-only here as there; so is a folder of the user's own (file://).
Pipe mode is the files of a channel, one after another, through a named pipe `<channel>_<epoch>`. That works between
this machine and a container only when both have one kernel: not with Docker Desktop.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html#your-algorithms-training-algo-running-container-inputdataconfig
"""

import contextlib
import errno
import os
import shutil
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.types import Mount

from contract.data_files import some
from local_test.host.emulator_settings import Platform
from local_test.storage.laid_out import FOLDER_MODE
from local_test.storage.local_files import is_local
from local_test.training import channels, opt_ml
from local_test.training.channels import InputFile
from local_test.training.instances import selected

INPUT_DATA = "/opt/ml/input/data"
SECONDS_BETWEEN_LOOKS = 0.05  # for a reader of a pipe


@dataclass(frozen=True)
class HostInputs:
    """mounts: of the container. copies: path in the container, a volume there -> folder whose files go there before
    it starts. notes: lines for the job's log."""

    mounts: list[Mount] = field(default_factory=list)
    copies: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_writable(
        self, folder: Path, target: str, image: str, marks: dict[str, str], platform: Platform, cleanup: ExitStack
    ) -> None:
        """`folder` of this machine at `target` in the container, which may write there: an overlay, else a copy.

        image, marks: as `WritableFolders.mount` takes them."""
        if overlay := platform.writable_folders.mount(folder, target, image, marks, cleanup):
            self.mounts.append(overlay)
        else:
            self.mounts.append(Mount(target, None, type="volume", labels=marks))  # goes with the container
            self.copies[target] = folder


def host_inputs(
    request: dict[str, Any],
    number: int,
    folder: Path,
    image: str,
    marks: dict[str, str],
    platform: Platform,
    cleanup: ExitStack,
) -> HostInputs:
    """The channels of one host.

    Args:
        request: CreateTrainingJob.
        number: of the host, from 0.
        folder: what has to be made for the mounts is made here, or ends with `cleanup`.
        image: id of the job's image in the engine.
        marks: labels of what is made in the engine.

    Raises ValueError for a channel without files, or one whose files cannot be laid out.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    inputs, pipes = HostInputs(), []
    for channel in request.get("InputDataConfig", []):
        target = f"{INPUT_DATA}/{channel['ChannelName']}"
        whole = channels.whole_folder(channel, platform.files)
        mode = opt_ml.input_mode(channel, request)
        if mode == "Pipe":
            pipes.append(channel)
            continue
        if whole:
            if out := platform.files.check_mountable(whole):
                inputs.notes.append(_links_note(channel["ChannelName"], whole, out))
            inputs.mounts.append(_read_only(target, whole))
            continue
        laid_out = folder / "channels" / channel["ChannelName"]
        channels.lay_out(_files(channel, request, number, platform), laid_out)
        if mode == "FastFile" or is_local(channel["DataSource"]["S3DataSource"]["S3Uri"]):
            inputs.mounts.append(_read_only(target, laid_out))
        else:
            inputs.add_writable(laid_out, target, image, marks, platform, cleanup)
    if pipes:
        shared = folder / "pipes"
        shared.mkdir()
        shared.chmod(FOLDER_MODE)
        for mount in inputs.mounts:
            # The engine would make the mount points of the other channels in it, as root.
            (shared / Path(mount["Target"]).name).mkdir()
        # Read-only, which pipes do not mind: else a program could leave files of root's here.
        inputs.mounts.insert(0, _read_only(INPUT_DATA, shared))
        for channel in pipes:
            held = channels.held(
                _files(channel, request, number, platform), channel, folder / "piped" / channel["ChannelName"]
            )
            cleanup.callback(PipeChannel(channel["ChannelName"], held, shared).close)
    return inputs


class PipeChannel:
    """Feeds one channel until it is closed: pipe 0 exists at once, pipe n + 1 as soon as pipe n has a reader."""

    def __init__(self, name: str, files: list[InputFile], folder: Path):
        self._name, self._files, self._folder = name, files, folder
        self._closed = threading.Event()
        self._failed: OSError | None = None
        self._epochs = 0
        self._make_next()
        self._thread = threading.Thread(target=self._feed, name=f"pipe-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the feeding and remove the pipes; no container may have one open any more.

        Raises OSError when a file could not be read: the reader has taken what it got for everything.
        """
        self._closed.set()
        self._thread.join()
        for epoch in range(self._epochs):
            self._path(epoch).unlink(missing_ok=True)
        if self._failed:
            raise self._failed

    def _path(self, epoch: int) -> Path:
        return self._folder / f"{self._name}_{epoch}"

    def _make_next(self) -> None:
        path = self._path(self._epochs)
        os.mkfifo(path)
        os.chmod(path, 0o666)
        self._epochs += 1

    def _feed(self) -> None:
        try:
            while (writer := self._wait_for_reader(self._path(self._epochs - 1))) is not None:
                self._make_next()
                # A reader that leaves early has seen enough: the next epoch starts anew.
                with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as pipe:
                    for file in self._files:
                        if self._closed.is_set():
                            return
                        with file.path.open("rb") as source:
                            shutil.copyfileobj(source, pipe, 1024 * 1024)
        except OSError as error:
            self._failed = error

    def _wait_for_reader(self, path: Path) -> int | None:
        """A descriptor of the pipe as soon as a container reads it; None when the channel is closed before."""
        while not self._closed.wait(SECONDS_BETWEEN_LOOKS):
            try:
                writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody reads yet
                    raise
                continue
            os.set_blocking(writer, True)
            return writer
        return None


def _links_note(channel: str, folder: Path, out: list[str]) -> str:
    return (
        f"Channel {channel}: links in {folder} that lead out of it lead nowhere in the container ({some(out)}). Put "
        "there what they lead to, or bring the data to S3, where uploads follow links."
    )


def _read_only(target: str, folder: Path) -> Mount:
    return Mount(target, str(folder), type="bind", read_only=True)


def _files(
    channel: dict[str, Any], request: dict[str, Any], number: int, platform: Platform
) -> list[channels.InputFile]:
    found = channels.channel_files(channel, platform.objects, platform.files)
    source = channel["DataSource"]["S3DataSource"]
    _, instances = selected(request["ResourceConfig"])
    return channels.share_of(found, source, number, instances)
