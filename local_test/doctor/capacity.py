"""Disk, memory and processor cores: whether there is enough, and whether other programs leave any."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from contract.findings import Finding, ok, problem, warning
from local_test.doctor.engine_facts import EngineFacts

GB = 1e9
# Both images with what their build keeps, and once more, compressed, in the local registry.
BUILD_BYTES = 25 * GB
LEAST_BYTES = 5 * GB
# A training with the defaults was seen at 2.7 GB on two cores; an endpoint has a process with a model for each core.
LEAST_MEMORY, ENOUGH_MEMORY = 3 * GB, 7 * GB
BUSY_SHARE = 0.25
SAMPLE_SECONDS = 0.5
SHOWN, LEAST_SHOWN = 3, 0.1  # programs, and cores' worth of each
PROC = Path("/proc")


@dataclass(frozen=True)
class Volume:
    """One file system. holds: what of ours is in it."""

    holds: str
    path: str
    free: int


@dataclass(frozen=True)
class Load:
    """Over half a second. busy: cores' worth of work by others than this program and what make runs beside it. by: the
    busiest programs, each with its cores' worth; those of other containers may be unseen.
    """

    cores: int
    busy: float
    by: tuple[tuple[str, float], ...] = ()


def look_at_volumes(state: Path, engine: EngineFacts) -> list[Volume]:
    """Where the state and the engine's images are; one entry where that is the same file system."""
    places = {"jobs, models and S3 objects": _existing(state.absolute())}
    images = Path(str(engine.info.get("DockerRootDir") or ""))
    if engine.gateway and images.is_absolute() and images.exists():
        places = {"images": images, **places}
    found: dict[int, Volume] = {}
    for holds, path in places.items():
        device = path.stat().st_dev
        before = f"{found[device].holds}, " if device in found else ""
        found[device] = Volume(before + holds, str(path), shutil.disk_usage(path).free)
    return list(found.values())


def volume_findings(volumes: list[Volume], will_build: bool) -> list[Finding]:
    """will_build: the images are still to be built in this checkout."""
    found = []
    for one in volumes:
        said = f"{one.free / GB:,.0f} GB are free at {one.path} ({one.holds})"
        wanted = BUILD_BYTES if will_build and "images" in one.holds else LEAST_BYTES
        if one.free < LEAST_BYTES:
            found.append(problem("disk", f"{said}: jobs will fail on it.", _freeing(one)))
        elif one.free < wanted:
            found.append(
                warning("disk", f"{said}: building and pushing both images may take {wanted / GB:.0f}.", _freeing(one))
            )
        else:
            found.append(ok("disk", f"{said}."))
    return found


def _freeing(volume: Volume) -> str:
    if "images" in volume.holds:
        return "docker system df shows what Docker keeps; docker builder prune frees what builds left."
    return "Free some, or name a folder on a larger disk with --folder."


def memory_findings(engine: EngineFacts) -> list[Finding]:
    total = engine.info.get("MemTotal")
    if not total:
        return []
    said = f"The engine has {total / GB:.1f} GB for its containers"
    step = "Give it more (Docker Desktop: Settings, Resources), or train with batch-size=16."
    if total < LEAST_MEMORY:
        return [problem("memory", f"{said}: a training with the defaults does not fit.", step)]
    if total < ENOUGH_MEMORY:
        return [warning("memory", f"{said}: an endpoint beside a training may not fit.", step)]
    return [ok("memory", f"{said}.")]


def look_at_load(seconds: float = SAMPLE_SECONDS) -> Load:
    """Waits so long. Where the system has no /proc, the load average of the last minute stands for it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (PROC / "stat").exists():
        return Load(cores, min(cores, os.getloadavg()[0]))
    ticks = os.sysconf("SC_CLK_TCK")
    before, started, all_before = _programs(), time.monotonic(), _busy_ticks()
    time.sleep(seconds)
    after, passed, all_after = _programs(), time.monotonic() - started, _busy_ticks()
    ours, others = 0.0, []
    for pid, program in after.items():
        if pid in before:
            worth = (program.ticks - before[pid].ticks) / ticks / passed
            if program.group == os.getpgrp():
                ours += worth
            elif worth >= LEAST_SHOWN:
                others.append((program.name, worth))
    busy = max(0.0, (all_after - all_before) / ticks / passed - ours)
    return Load(cores, busy, tuple(sorted(others, key=lambda one: -one[1])[:SHOWN]))


def load_findings(load: Load) -> list[Finding]:
    cores = f"{load.cores} core{'s'[: load.cores != 1]}"
    if load.busy < BUSY_SHARE * load.cores:
        if load.cores < 2:
            return [warning("processor", f"{cores}: a training and an endpoint share it.", "Expect it to be slow.")]
        return [ok("processor", f"{cores}, of which other programs use {load.busy:.1f}.")]
    names = ", ".join(f"{name} {worth:.1f}" for name, worth in load.by)
    return [
        warning(
            "processor",
            f"Other programs use {load.busy:.1f} of {cores}{f' ({names})' if names else ''}. A training's threads wait "
            "for the slowest one: beside busy neighbours an epoch may take many times as long.",
            "End them first, or wait; `docker stats` and `top` show them.",
        )
    ]


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _busy_ticks() -> int:
    """Of all cores, since the start: user, nice, system, irq, softirq. https://man7.org/linux/man-pages/man5/proc_stat.5.html"""
    fields = [int(one) for one in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    return sum(fields[:3]) + sum(fields[5:7])


@dataclass(frozen=True)
class _Program:
    """ticks: of all cores, since its start. group: make and what it starts are one."""

    name: str
    group: int
    ticks: int


def _programs() -> dict[str, _Program]:
    """By process id. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(errors="replace")
        except OSError:  # it has ended
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        found[folder.name] = _Program(name, int(fields[2]), int(fields[11]) + int(fields[12]))
    return found
