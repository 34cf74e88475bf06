"""What this container may use: whole cores by its CPU set and its quota, GPUs that the NVIDIA runtime mounted,
memory.
"""

import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Machine:
    """cores: at least 1. gpus: 0 without one."""

    cores: int
    gpus: int

    @classmethod
    def here(cls) -> "Machine":
        return cls(quota_cores(len(os.sched_getaffinity(0)), CGROUP), len(list(Path("/dev").glob("nvidia[0-9]*"))))


def quota_cores(cores: int, cgroup: Path) -> int:
    """`cores`, or fewer where the CPU quota (cgroup v2, then v1) allows less; nproc and Java see the first only."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except OSError:
        try:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return cores
    if quota in ("max", "-1"):
        return cores
    return max(1, min(cores, int(quota) // int(period)))


def free_memory(cgroup: Path = CGROUP, host: Path = Path("/proc/meminfo")) -> int:
    """Bytes that a further process can take: what the host has left, or less where this container's limit is nearer.

    Page cache counts as free: the kernel gives it back. https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
    """
    fields = dict(line.split(":") for line in host.read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    for limit_file, used_file, stat_file, cache_name in (
        ("memory.max", "memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        try:
            limit, used = (cgroup / limit_file).read_text().strip(), int((cgroup / used_file).read_text())
            stat = dict(line.split() for line in (cgroup / stat_file).read_text().splitlines())
        except OSError:
            continue
        if limit != "max":
            available = min(available, int(limit) - used + int(stat.get(cache_name, 0)))
        break
    return max(0, available)
