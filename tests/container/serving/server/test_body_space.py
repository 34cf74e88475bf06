"""Where bodies wait while they arrive: on a disk that has space for many of them, else in memory."""

from pathlib import Path

import pytest

from container.serving.server.nginx import SMALL_BODY, BodySpace, body_space, choose_space, file_system
from container.serving.settings import MEGABYTE

GIGABYTE = 1024 * MEGABYTE
PAYLOAD = 25 * MEGABYTE
MOUNTS = """overlay / overlay rw,relatime 0 0
proc /proc proc rw 0 0
tmpfs /dev tmpfs rw 0 0
shm /dev/shm tmpfs rw,size=65536k 0 0
/dev/sda1 /tmp/with\\040space ext4 rw 0 0
tmpfs /opt/ml tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("disk", "memory", "space"),
    [
        (100 * GIGABYTE, 16 * GIGABYTE, BodySpace(SMALL_BODY, 4 * GIGABYTE)),
        (2 * GIGABYTE, 16 * GIGABYTE, BodySpace(SMALL_BODY, GIGABYTE)),
        (64 * MEGABYTE, 16 * GIGABYTE, BodySpace(PAYLOAD, GIGABYTE)),
        (0, 2 * GIGABYTE, BodySpace(PAYLOAD, GIGABYTE // 2)),
        (0, 0, BodySpace(PAYLOAD, 2 * PAYLOAD)),
    ],
)
def test_half_of_the_disk_or_a_quarter_of_the_memory_is_for_bodies(disk, memory, space):
    assert choose_space(disk, memory, PAYLOAD) == space


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/tmp/serve-1", "overlay"),
        ("/dev/shm/serve-1", "tmpfs"),
        ("/dev/x", "tmpfs"),
        ("/tmp/with space/x", "ext4"),
        ("/opt/mls", "overlay"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(folder, kind):
    assert file_system(Path(folder), MOUNTS) == kind


def test_memory_that_looks_like_a_folder_is_not_taken_for_a_disk():
    assert file_system(Path("/dev/shm"), Path("/proc/self/mounts").read_text()) == "tmpfs"
    assert body_space(Path("/dev/shm"), PAYLOAD).buffer == PAYLOAD
