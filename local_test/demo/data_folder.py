"""What `DATA=` names: a folder or a zip of pictures in class folders, as the folder that holds train, valid and
test.
"""

import hashlib
import shutil
import zipfile
from pathlib import Path

from contract.splits import SPLITS, class_name


def data_folder(source: Path, unpacked: Path) -> Path:
    """The folder with the three splits in `source`; a zip is unpacked once, under `unpacked`.

    Raises ValueError when there is no such folder, or the zip is none.
    """
    if source.is_dir():
        return _find_splits(source)
    if not source.is_file():
        raise ValueError(f"DATA={source} does not exist. Name a folder or a zip.")
    if not zipfile.is_zipfile(source):
        raise ValueError(f"DATA={source} is neither a folder nor a zip.")
    state = source.stat()
    key = hashlib.sha256(f"{source.resolve()} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:12]
    target = unpacked / f"{source.stem}-{key}"
    if not target.is_dir():
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            with zipfile.ZipFile(source) as archive:
                archive.extractall(unfinished)
        except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: it is encrypted
            raise ValueError(f"DATA={source} cannot be unpacked: {error}") from error
        unfinished.rename(target)
    return _find_splits(target)


def pictures_of(split: Path) -> list[tuple[Path, str]]:
    """(picture, class name) for every JPEG and PNG of a split, in sorted order. Raises ValueError when there is
    none.
    """
    pictures = [
        (path, class_name(folder.name))
        for folder in sorted(split.iterdir())
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".jpg", ".jpeg", ".png") and not path.name.startswith(".")
    ]
    if not pictures:
        raise ValueError(f"There is no JPEG or PNG in the class folders of {split}.")
    return pictures


def _find_splits(folder: Path) -> Path:
    for candidate in (folder, *sorted(child for child in folder.iterdir() if child.is_dir())):
        if all((candidate / split).is_dir() for split in SPLITS):
            return candidate
    raise ValueError(f"{folder} has no folders train, valid and test, nor has a folder in it.")
