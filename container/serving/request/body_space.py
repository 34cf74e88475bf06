"""Where request bodies wait while they arrive, and how many bytes of them: in files of nginx's on a disk, in memory
where there is none.

A client that announces much and sends slowly then takes up disk, not memory, and only so much of it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from container.serving.machine import free_memory
from container.serving.settings import MEGABYTE

# Bytes: bodies up to this are in memory in any case, and are not added up; nginx's connections bound them.
SMALL = 256 * 1024
MOST_ON_DISK, MOST_IN_MEMORY = 4096 * MEGABYTE, 1024 * MEGABYTE  # 160 bodies of 25 MB, and 40
LEAST_BODIES = 16  # of the largest kind that a disk must have space for, to be used
IN_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True)
class BodySpace:
    """buffer: bytes of one body that nginx keeps in memory. total: bytes that all bodies above SMALL that are arriving
    may have together.
    """

    buffer: int
    total: int


def body_space(folder: Path, payload: int) -> BodySpace:
    """folder: of nginx's files. payload: bytes of the largest body."""
    kind = file_system(folder, Path("/proc/self/mounts").read_text())
    return choose_space(0 if kind in IN_MEMORY else shutil.disk_usage(folder).free, free_memory(), payload)


def choose_space(free_disk: int, free_memory: int, payload: int) -> BodySpace:
    """Half of what the disk has left, or a quarter of the memory; two of the largest bodies in any case. All in
    bytes.
    """
    on_disk = min(MOST_ON_DISK, free_disk // 2)
    if on_disk >= LEAST_BODIES * payload:
        return BodySpace(SMALL, on_disk)
    return BodySpace(payload, max(2 * payload, min(MOST_IN_MEMORY, free_memory // 4)))


def file_system(folder: Path, mounts: str) -> str:
    """Type of the file system that `folder` is in. mounts: text of /proc/self/mounts, whose later lines cover earlier
    ones.

    https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html
    """
    found, kind = Path("/"), ""
    for line in mounts.splitlines():
        _, mounted_at, this_kind, *_ = line.split()
        point = Path(mounted_at.replace("\\040", " "))
        if folder.is_relative_to(point) and point.is_relative_to(found):
            found, kind = point, this_kind
    return kind
