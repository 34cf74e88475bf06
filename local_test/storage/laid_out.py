"""Files and folders as containers and users find them: readable by all, whatever this process's umask is."""

import os
import shutil
from pathlib import Path

from local_test.storage.local_files import check_readable

FOLDER_MODE, FILE_MODE = 0o755, 0o644


def make_folders(folder: Path) -> None:
    """Make a folder and the missing ones above it, 0755; what is there stays as it is. Raises OSError."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        try:
            one.mkdir()
        except FileExistsError:
            if not os.path.isdir(one):  # else another thread has just made it
                raise
        one.chmod(FOLDER_MODE)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, a copy only across file systems. Raises ValueError when this user cannot
    read it (some systems let one link such a file, and a container's root could read it), and OSError.

    A link keeps the mode of its source: the objects of the local S3 are made readable, a user's own file is left as it
    is."""
    check_readable(source)
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another file system
        shutil.copyfile(source, target)
        target.chmod(FILE_MODE)
