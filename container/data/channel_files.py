"""The files of a channel by class folder, wherever in the channel the class folders are."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from container.runtime.failure import TrainingFailure
from contract.class_names import class_among
from contract.data_files import FoundFiles, find_files, is_hidden, is_picture_file, some
from contract.picture_formats import PICTURE_SUFFIXES
from contract.splits import split_meant


@dataclass(frozen=True)
class ChannelFiles:
    """root: the folder that holds the class folders. of_folders: the files below each of them, empty ones too, by their
    names below root. hidden: files in hidden folders, by the folder's name. notes: what else is to be said.
    """

    root: Path
    of_folders: dict[str, list[str]]
    hidden: Counter[str]
    notes: tuple[str, ...]


def channel_files(channel: Path, name: str, classes: Collection[str] | None) -> ChannelFiles:
    """List a channel. Links are followed, but none back to a folder that it is in.

    Args:
        channel: its folder.
        name: of the channel, for messages.
        classes: those of the train channel; None for the train channel itself.

    Raises TrainingFailure when there are no class folders, when there are whole splits in their place, and for a class
    folder that is a link to nowhere.
    """
    if not channel.is_dir():
        raise TrainingFailure(f"Channel {name} is missing: {channel} is not a folder. {_why_no_folder(channel)}")
    found = find_files(channel)
    notes = []
    folders = _folders(channel)
    if len(folders) == 1 and _is_above(folders[0], found, classes):
        notes.append(f"one folder, {folders[0]}, and its classes are the folders in that")
        channel, found = channel / folders[0], find_files(channel / folders[0])
        folders = _folders(channel)
    _check(channel, name, folders, found)
    of_folders: dict[str, list[str]] = {folder: [] for folder in folders}
    loose = 0
    for file in found.names:
        folder, slash, _ = file.partition("/")
        if slash:
            of_folders[folder].append(file)
        elif is_picture_file(channel / file):
            loose += 1
    if loose:
        notes.append(f"{loose} pictures outside the class folders: they are not used")
    if found.broken:
        notes.append(f"{len(found.broken)} links that lead nowhere in the container: {some(found.broken, 3)}")
    if found.circular:
        notes.append(f"links back to a folder that they are in, which are not followed: {some(found.circular, 3)}")
    return ChannelFiles(channel, of_folders, found.hidden, tuple(notes))


def _why_no_folder(channel: Path) -> str:
    """What to do about a channel without a folder. In Pipe mode there are pipes beside it: `<channel>_0`, ..."""
    if channel.with_name(f"{channel.name}_0").is_fifo():
        return "Its input mode is Pipe, which this program does not read: set TrainingInputMode to File or FastFile."
    return "A job's channel is there when it is in the request's InputDataConfig; by hand, mount a folder there."


def _folders(channel: Path) -> list[str]:
    return sorted(entry.name for entry in channel.iterdir() if entry.is_dir() and not is_hidden(entry.name))


def _is_above(folder: str, found: FoundFiles, classes: Collection[str] | None) -> bool:
    """Whether the one folder of a channel is no class, but holds the class folders."""
    if classes is not None and class_among(folder, classes) in classes:
        return False
    deep = [file.split("/") for file in found.names]
    return all(len(parts) > 2 for parts in deep) and len({parts[1] for parts in deep}) > 1


def _check(channel: Path, name: str, folders: list[str], found: FoundFiles) -> None:
    """Raise TrainingFailure where the folders of a channel are no class folders."""
    lost = [link for link in found.broken if "/" not in link and Path(link).suffix.lower() not in PICTURE_SUFFIXES]
    if lost:
        raise TrainingFailure(
            f"Class folder {lost[0]} of channel {name} is a link to {(channel / lost[0]).readlink()}, which is not in "
            "the container. Put the folder itself in its place, or bring the pictures to S3 with upload."
        )
    if not folders:
        holds = f"which holds {some(found.names, 3)}" if found.names else "which is empty"
        raise TrainingFailure(
            f"Channel {name} has no class folders in {channel}, {holds}. Put one folder of pictures per class there, "
            "such as Beagle/a.jpg."
        )
    with_folders = {file.split("/")[0] for file in found.names if file.count("/") > 1}
    splits = [folder for folder in folders if split_meant(folder) and folder in with_folders]
    if len({split_meant(folder) for folder in splits}) > 1:
        raise TrainingFailure(
            f"Channel {name} holds whole splits, {', '.join(splits)}, where its class folders should be. Give each "
            f"channel the folder of its own split: the one that ends in /{splits[0]}/ for {split_meant(splits[0])}."
        )
