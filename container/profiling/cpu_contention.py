"""What kept a job from its processor cores: other programs, the hypervisor, or its container's CPU limit.

From the kernel's counters: what all programs used of the job's cores, less what the job itself used, is the others'.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from container.profiling.machine_counters import CGROUPS, CoreTimes, core_times

PROC = Path("/proc")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")  # of /proc/stat


@dataclass(frozen=True)
class CpuCounters:
    """Counters of one moment, each from a beginning of its own.

    cores: of the job's cores together. used: CPU seconds of the job. waited: seconds in which a thread was ready to run
    and had no core. periods, limited: periods of the CPU limit, and those in which the job came to its end. What the
    kernel does not tell is None.
    """

    cores: CoreTimes
    used: float
    waited: float | None
    periods: int | None
    limited: int | None


class CpuContention:
    """Reads who had the cores that this process may use."""

    def __init__(self) -> None:
        self._cores = os.sched_getaffinity(0)
        self._at, self._before = time.monotonic(), read_counters(self._cores)

    def read(self) -> dict[str, float]:
        """Percentages since the last call (`cpu_shares`). Empty when no time has passed."""
        at, now = time.monotonic(), read_counters(self._cores)
        shares = cpu_shares(self._before, now, at - self._at)
        if shares:
            self._at, self._before = at, now
        return shares


def read_counters(cores: set[int], cgroups: Path = CGROUPS, proc: Path = PROC) -> CpuCounters:
    """Read the counters of a job on these cores.

    A container sees its own control group at the root of `cgroups`, with version 2 of them and with version 1. Where
    there is none, every process that can be seen counts as the job's, and the pressure is the machine's.

    Sources: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files,
    https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, https://docs.kernel.org/accounting/psi.html
    """
    times = core_times((proc / "stat").read_text())
    of_job = [of_core for core, of_core in times.items() if core in cores] or [CoreTimes(0, 0, 0, 0)]
    own, version_1 = _numbers(cgroups / "cpu.stat"), _numbers(cgroups / "cpu" / "cpu.stat")
    nanoseconds = _text(cgroups / "cpuacct" / "cpuacct.usage")
    if "usage_usec" in own:
        used = own["usage_usec"] / 1e6
    else:
        own, used = version_1, int(nanoseconds) / 1e9 if nanoseconds else _seconds_of_processes()
    pressure = _text(cgroups / "cpu.pressure") or _text(proc / "pressure" / "cpu")
    return CpuCounters(
        CoreTimes(*map(sum, zip(*of_job, strict=True))),
        used,
        _waited(pressure),
        own.get("nr_periods"),
        own.get("nr_throttled"),
    )


def cpu_shares(before: CpuCounters, now: CpuCounters, seconds: float) -> dict[str, float]:
    """What happened between two moments, in percent, by the metric's name in the series of the sampler.

    Of the cores' time: CPUOfOthers, what other programs had; CPUStolen, what the hypervisor gave to other machines;
    CPUIdle, what nobody used. Of the time: CPUWaiting, in which a thread waited for a core. Of the periods of the CPU
    limit: CPULimitReached. What the kernel does not tell is left out.

    Args:
        before, now: the moments.
        seconds: between them.
    """
    total, idle, waiting, stolen = (
        max(0, new - old) / TICKS_A_SECOND for old, new in zip(before.cores, now.cores, strict=True)
    )
    if total <= 0 or seconds <= 0:
        return {}
    others = max(0.0, total - idle - waiting - stolen - max(0.0, now.used - before.used))
    shares = {
        "cores/CPUOfOthers": others / total,
        "cores/CPUStolen": stolen / total,
        "cores/CPUIdle": min(1.0, (idle + waiting) / total),
    }
    if before.waited is not None and now.waited is not None:
        shares["cores/CPUWaiting"] = min(1.0, max(0.0, now.waited - before.waited) / seconds)
    if before.periods is not None and now.periods is not None:
        periods, limited = now.periods - before.periods, (now.limited or 0) - (before.limited or 0)
        shares["cores/CPULimitReached"] = limited / periods if periods > 0 else 0.0
    return {metric: round(100 * share, 2) for metric, share in shares.items()}


def _text(file: Path) -> str:
    """Empty where the kernel has no such file, or no answer: without pressure stall information reading it fails."""
    try:
        return file.read_text()
    except OSError:
        return ""


def _numbers(file: Path) -> dict[str, int]:
    """`name number` a line."""
    return {name: int(number) for name, number in (line.split() for line in _text(file).splitlines())}


def _waited(pressure: str) -> float | None:
    """Seconds, from `some avg10=0.12 avg60=0.05 avg300=0.01 total=4567` (microseconds)."""
    for line in pressure.splitlines():
        kind, *fields = line.split()
        if kind == "some":
            return int(dict(field.split("=") for field in fields)["total"]) / 1e6
    return None


def _seconds_of_processes() -> float:
    """CPU seconds of all processes that can be seen, those included that have ended and were waited for."""
    found = [process.info["cpu_times"] for process in psutil.process_iter(["cpu_times"])]
    return sum(sum(times[:4]) for times in found if times)  # user and system, its own and its children's
