"""What one host gets to see under /opt/ml/input/data, as bind mounts of folders on this machine."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from docker.types import Mount

from local_test.storage.laid_out import FOLDER_MODE
from local_test.storage.local_files import LocalFiles
from local_test.storage.object_store import ObjectStore
from local_test.training import channels, opt_ml
from local_test.training.pipes import PipeChannel

INPUT_DATA = "/opt/ml/input/data"


def input_mounts(
    request: dict[str, Any], number: int, folder: Path, objects: ObjectStore, files: LocalFiles, cleanup: ExitStack
) -> list[Mount]:
    """Mounts of host number `number` (from 0). What has to be made for them is made in `folder`, or ends with
    `cleanup`.

    Data are read-only: they are the objects of the local S3 themselves, or the user's own files.
    Raises ValueError for a channel without files, or one whose files cannot be laid out.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mounts, pipes = [], []
    for channel in request.get("InputDataConfig", []):
        name = channel["ChannelName"]
        whole = channels.whole_folder(channel, files)
        if opt_ml.input_mode(channel, request) == "Pipe":
            pipes.append(channel)
        elif whole:
            files.check_mountable(whole)
            mounts.append(Mount(f"{INPUT_DATA}/{name}", str(whole), type="bind", read_only=True))
        else:
            laid_out = folder / "channels" / name
            channels.lay_out(_files(channel, request, number, objects, files), laid_out)
            mounts.append(Mount(f"{INPUT_DATA}/{name}", str(laid_out), type="bind", read_only=True))
    if pipes:
        shared = folder / "pipes"
        shared.mkdir()
        shared.chmod(FOLDER_MODE)
        for mount in mounts:
            # The engine would make the mount points of the other channels in it, as root.
            (shared / Path(mount["Target"]).name).mkdir()
        # Read-only, which pipes do not mind: else a program could leave files of root's here.
        mounts.insert(0, Mount(INPUT_DATA, str(shared), type="bind", read_only=True))
        for channel in pipes:
            piped = _files(channel, request, number, objects, files)
            held = channels.held(piped, channel, folder / "piped" / channel["ChannelName"])
            cleanup.callback(PipeChannel(channel["ChannelName"], held, shared).close)
    return mounts


def _files(
    channel: dict[str, Any], request: dict[str, Any], number: int, objects: ObjectStore, files: LocalFiles
) -> list[channels.InputFile]:
    found = channels.channel_files(channel, objects, files)
    return channels.share_of(found, channel, number, request["ResourceConfig"]["InstanceCount"])
