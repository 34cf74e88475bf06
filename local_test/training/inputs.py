"""What one host gets to see under /opt/ml/input/data, as bind mounts of folders on this machine."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from docker.types import Mount

from local_test.storage.object_store import ObjectStore
from local_test.training import channels, opt_ml
from local_test.training.pipes import PipeChannel

INPUT_DATA = "/opt/ml/input/data"


def input_mounts(request: dict, number: int, host: str, folder: Path, objects: ObjectStore, cleanup: ExitStack) -> list[Mount]:
    """Mounts of host number `number` (from 0). What has to be made for them is made in `folder`, or ends with `cleanup`.

    Data are read-only: they are the objects of the local S3 themselves, or the user's own files.
    Raises ValueError (ValidationException) for a channel without files, or one whose files cannot be laid out.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mounts, pipes = [], []
    for channel in request.get("InputDataConfig", []):
        name = channel["ChannelName"]
        whole = channels.whole_folder(channel)
        if opt_ml.input_mode(channel, request) == "Pipe":
            pipes.append(channel)
        elif whole:
            mounts.append(Mount(f"{INPUT_DATA}/{name}", str(whole), type="bind", read_only=True))
        else:
            channels.lay_out(_files(channel, request, number, objects), folder / name)
            mounts.append(Mount(f"{INPUT_DATA}/{name}", str(folder / name), type="bind", read_only=True))
    if pipes:
        shared = folder / ".pipes"
        shared.mkdir()
        for mount in mounts:
            # The engine would make the mount points of the other channels in it, as root.
            (shared / Path(mount["Target"]).name).mkdir()
        # Read-only, which pipes do not mind: else a program could leave files of root's here.
        mounts.insert(0, Mount(INPUT_DATA, str(shared), type="bind", read_only=True))
        for channel in pipes:
            files = channels.held(_files(channel, request, number, objects), channel, folder / ".piped" / channel["ChannelName"])
            cleanup.callback(PipeChannel(channel["ChannelName"], files, shared).close)
    return mounts


def _files(channel: dict, request: dict, number: int, objects: ObjectStore) -> list[channels.InputFile]:
    return channels.share_of(channels.channel_files(channel, objects), channel, number, request["ResourceConfig"]["InstanceCount"])
