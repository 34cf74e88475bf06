"""The inputs of a processing job: from the local S3, or this machine, into its containers.

They are a download on the platform: a program may change and delete what it finds, and the stored objects and the
user's own files stay as they are.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local_test.host.emulator_settings import Platform
from local_test.processing import opt_ml
from local_test.training import channels
from local_test.training.inputs import HostInputs


def lay_out(record: dict[str, Any], folder: Path, platform: Platform) -> list[dict[str, Path]]:
    """Links to the files of every input, in `folder`: of each host, folder in its container -> folder with its files.

    Hosts that get the same files share a folder. Raises ValueError for an input without files, or one whose files
    cannot be laid out.
    """
    hosts: list[dict[str, Path]] = [{} for _ in opt_ml.hosts(record)]
    for index, element in enumerate(opt_ml.downloads(record)):
        source, target = element["S3Input"], opt_ml.folder_of(element)
        files = input_files(element, platform)
        laid_out: dict[tuple[channels.InputFile, ...], Path] = {}
        for number, host in enumerate(hosts):
            share = tuple(channels.share_of(files, source, number, len(hosts)))
            if share not in laid_out:
                laid_out[share] = folder / f"{index}-{number}"
                channels.lay_out(list(share), laid_out[share])
            host[target] = laid_out[share]
    return hosts


def input_files(element: dict[str, Any], platform: Platform) -> list[channels.InputFile]:
    """Every file of an input that the platform brings. Raises ValueError, with the input's name."""
    try:
        return channels.source_files(element["S3Input"], platform.objects, platform.files)
    except ValueError as error:
        raise ValueError(f"Processing input {element['InputName']}: {error}") from error


def writable(
    folders: dict[str, Path], image: str, marks: dict[str, str], platform: Platform, cleanup: ExitStack
) -> HostInputs:
    """The folders of one host as its container gets them: writable there, while nothing here changes.

    Args:
        folders: folder in the container -> folder of this machine.
        image: id of the job's image in the engine.
        marks: labels of what is made in the engine; `cleanup` removes it.
    """
    inputs = HostInputs()
    for target, folder in folders.items():
        inputs.add_writable(folder, target, image, marks, platform, cleanup)
    return inputs
