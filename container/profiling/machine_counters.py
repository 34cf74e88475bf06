"""Use of the machine: processor cores, memory, disks and network since the last reading, from the kernel's counters,
and the GPUs, from NVIDIA's driver.

The driver's library: https://docs.nvidia.com/deploy/nvml-api/
"""

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pynvml

from container.profiling.system_files import Metric

KERNEL_STATISTICS = Path("/proc/stat")
CGROUPS = Path("/sys/fs/cgroup")
# Of version 2 and of version 1: the folder, the limit, the usage, and what the kernel can take back at once (in
# memory.stat).
CGROUP_FILES = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
RATES = (
    ("i/o", "IOPS", ""),
    ("i/o", "ReadThroughputInBytesPerSecond", ""),
    ("i/o", "WriteThroughputInBytesPerSecond", ""),
    ("network", "ReceiveBytesPerSecond", "Algorithm"),
    ("network", "TransmitBytesPerSecond", "Algorithm"),
)


class MachineCounters:
    """Reads the counters. Cores are those that this process may use; disks are the machine's; network interfaces are
    the container's, without loopback.
    """

    def __init__(self) -> None:
        self._cores = os.sched_getaffinity(0)
        self._before = self._look()

    def read(self) -> list[Metric]:
        """Utilisation and rates since the last call, and memory in use now. Empty when no time has passed."""
        before, now = self._before, self._look()
        seconds = now["at"] - before["at"]
        if seconds <= 0:
            return []
        self._before = now
        metrics = []
        for core in sorted(self._cores & before["cores"].keys() & now["cores"].keys()):
            busy, waiting = core_shares(before["cores"][core], now["cores"][core])
            metrics.append(Metric("cpu", f"cpu{core}", "CPUUtilization", round(100 * busy, 2)))
            metrics.append(Metric("cpu", f"cpu{core}", "I/OWaitPercentage", round(100 * waiting, 2)))
        metrics.append(Metric("memory", "MemoryUsedPercent", "", round(memory_used_percent(), 2)))
        rates = [round((new - old) / seconds, 2) for old, new in zip(before["amounts"], now["amounts"], strict=True)]
        for (kind, name, dimension), rate in zip(RATES, rates, strict=True):
            # A counter that began anew is no negative rate.
            metrics.append(Metric(kind, name, dimension, max(0.0, rate)))
        return metrics

    def _look(self) -> dict[str, Any]:
        disks = psutil.disk_io_counters(nowrap=False)  # None on a machine without disks
        networks = [
            counters for name, counters in psutil.net_io_counters(pernic=True, nowrap=False).items() if name != "lo"
        ]
        return {
            "at": time.monotonic(),
            "cores": core_times(KERNEL_STATISTICS.read_text()),
            "amounts": (
                disks.read_count + disks.write_count if disks else 0,
                disks.read_bytes if disks else 0,
                disks.write_bytes if disks else 0,
                sum(network.bytes_recv for network in networks),
                sum(network.bytes_sent for network in networks),
            ),
        }


class GpuCounters:
    """The GPUs that the driver shows in this container; none where there is no driver or it answers with an error."""

    def __init__(self) -> None:
        self._gpus = []
        try:
            pynvml.nvmlInit()
            self._gpus = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError:
            pass

    def read(self) -> list[Metric]:
        """Utilisation in the driver's last sampling period (1/6 s to 1 s), and memory in use; percent.

        What a GPU does not tell is left out.
        """
        metrics = []
        for number, gpu in enumerate(self._gpus):
            for dimension, percent in (("GPUUtilization", _gpu_utilization), ("GPUMemoryUtilization", _gpu_memory)):
                try:
                    metrics.append(Metric("gpu", f"gpu{number}", dimension, round(percent(gpu), 2)))
                except pynvml.NVMLError:
                    continue
        return metrics


class CoreTimes(NamedTuple):
    """Times of a core, in hundredths of a second: in all, idle, idle while it waits for a disk, and taken away by the
    hypervisor.
    """

    total: int
    idle: int
    waiting: int
    stolen: int


def core_times(statistics: str) -> dict[int, CoreTimes]:
    """Times of each core that is on, from the text of /proc/stat.

    https://docs.kernel.org/filesystems/proc.html#miscellaneous-kernel-statistics-in-proc-stat
    """
    times = {}
    for line in statistics.splitlines():
        name, *numbers = line.split()
        if name.startswith("cpu") and name != "cpu":
            # Guests are in user and nice.
            user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen = map(int, numbers[:8])
            total = user + nice + system + idle + waiting + interrupts + soft_interrupts + stolen
            times[int(name.removeprefix("cpu"))] = CoreTimes(total, idle, waiting, stolen)
    return times


def core_shares(before: CoreTimes, now: CoreTimes) -> tuple[float, float]:
    """Shares of the time between two `core_times` in which a core worked, and in which it waited for a disk.

    Each from 0 to 1, and both 0 when no time has passed.
    """
    # The kernel may take back a little idle time.
    total, idle, waiting, _ = (max(0, new - old) for old, new in zip(before, now, strict=True))
    if total == 0:
        return 0.0, 0.0
    return max(0, total - idle - waiting) / total, min(1.0, waiting / total)


def memory_used_percent(cgroups: Path = CGROUPS) -> float:
    """Memory in use, percent of the container's limit, or of the machine's memory where the container has no limit.

    Pages of files that the kernel can drop at once do not count: training reads its pictures from a memory-mapped file.
    """
    machine = psutil.virtual_memory()
    for folder, limit_file, usage_file, cache in CGROUP_FILES:
        try:
            limit = (cgroups / folder / limit_file).read_text().strip()
            usage = int((cgroups / folder / usage_file).read_text())
            statistics = dict(line.split() for line in (cgroups / folder / "memory.stat").read_text().splitlines())
        except OSError:
            continue
        if limit != "max" and int(limit) < machine.total:  # version 1 says "no limit" with a number that no machine has
            return 100 * max(0, usage - int(statistics.get(cache, 0))) / int(limit)
    return 100 * (machine.total - machine.available) / machine.total


def _gpu_utilization(gpu: Any) -> float:
    return float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)


def _gpu_memory(gpu: Any) -> float:
    memory = pynvml.nvmlDeviceGetMemoryInfo(gpu)
    return 100 * memory.used / memory.total
