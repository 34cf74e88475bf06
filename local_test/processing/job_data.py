"""The data of a processing job: inputs from the local S3, or this machine, into its containers, and outputs from there,
stored while it runs or at its end.

Inputs are a download on the platform: a program may change and delete what it finds, and the stored objects and the
user's own files stay as they are.
Source, for outputs: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingS3Output.html
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from local_test.host.emulator_settings import Platform
from local_test.processing import opt_ml
from local_test.storage.destination import Destination
from local_test.training import channels
from local_test.training.inputs import HostInputs
from local_test.training.node import Node
from local_test.training.synced_folder import SyncedFolder


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


class Outputs:
    """Output folders of one job, whose containers are there until `cleanup` ends."""

    def __init__(self, record: dict[str, Any], nodes: list[Node], destination: Destination, cleanup: ExitStack):
        self._continuous: list[SyncedFolder] = []
        self._at_the_end: list[SyncedFolder] = []
        for node in nodes:
            for element in opt_ml.uploads(record):
                target = element["S3Output"]
                folder = SyncedFolder(node.container, opt_ml.folder_of(element), target["S3Uri"], destination)
                if target["S3UploadMode"] == "Continuous":
                    self._continuous.append(folder)
                    cleanup.callback(folder.abandon)
                else:
                    self._at_the_end.append(folder)

    def start(self) -> None:
        """The containers run: what is new in the Continuous outputs is stored from now on."""
        for folder in self._continuous:
            folder.start()

    def store(self, completed: bool) -> str | None:
        """The containers have ended: store their last state, of EndOfJob outputs only where the job is `completed`: of
        one that failed or ran out of time the platform stores none (seen in others' reports, not documented).

        Returns the first message about a file that cannot be stored where it should; the others are stored."""
        problems = []
        for folder in [*self._continuous, *(self._at_the_end if completed else [])]:
            try:
                folder.close()
            except ValueError as error:
                problems.append(str(error))
        return problems[0] if problems else None
