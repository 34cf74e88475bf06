"""What made a run slow by the metrics of its machine: processor, disk, GPU and GPU memory while steps ran.

What kept the run from its processor (other programs, the hypervisor, the container's CPU limit) counts from the
beginning of the run to its end, since decoding pictures and computing features are kept waiting as well as steps: rules
over `cpu_contention.cpu_shares`, of which AWS's profiler has none.
"""

from typing import Any

import numpy as np

from container.profiling.finding import WAITING_PERCENT, Facts, Finding, SystemSeries, counted, waiting_percent

OTHERS_PERCENT, NONE_IDLE, CPU_WAITING = 20, 10, 10
STOLEN_PERCENT = 10
LIMITED_PERCENT = 25
BOTTLENECK_PERCENT, CPU_BUSY, GPU_IDLE, IO_WAITING = 50, 90, 10, 50
GPU_LOW_P95, GPU_LOW_P5 = 70, 10
BATCH_CPU_P95, BATCH_GPU_P95, BATCH_MEMORY = 70, 70, 70
MEMORY_INCREASE = 5
IMBALANCE_POINTS = 50
WINDOW = 10  # points of a series


def cpu_contention(system: SystemSeries, facts: Facts) -> Finding | None:
    """Other programs had more than a fifth of the cores' time, no core was idle, and threads waited for one.

    What others have while a core is idle takes nothing from the job, nor do programs of low priority.
    """
    others, idle, waiting = (system.of(metric) for metric in ("CPUOfOthers", "CPUIdle", "CPUWaiting"))
    if not others.size or not idle.size or (waiting.size and waiting.mean() <= CPU_WAITING):
        return None
    none_idle = idle[0] < NONE_IDLE
    taken = float((others[0] * none_idle).mean())
    if taken <= OTHERS_PERCENT:
        return None
    left = max(0.0, 100 - float(others.mean() + idle.mean() + system.of("CPUStolen").sum() / others.size))
    waited = f"; threads waited for a core {waiting.mean():.0f}% of the time" if waiting.size else ""
    return Finding(
        "CPUContention",
        OTHERS_PERCENT,
        taken,
        "% of the cores' time",
        f"Other programs took {taken:.0f}% of the time of {counted(facts.cores, 'core')} (threshold "
        f"{OTHERS_PERCENT}%) and left this job {left:.0f}%{waited}. A step waits for the slowest of its threads.",
        "End the other programs, or run fewer jobs at a time. Else give this job fewer threads, which then wait less "
        "for each other: OMP_NUM_THREADS=1 in its environment, workers=1. Or take an instance with more cores.",
    )


def cpu_steal(system: SystemSeries, facts: Facts) -> Finding | None:
    """The hypervisor gave more than a tenth of the cores' time to other virtual machines."""
    stolen = system.of("CPUStolen")
    if not stolen.size or stolen.mean() <= STOLEN_PERCENT:
        return None
    percent = float(stolen.mean())
    return Finding(
        "CPUSteal",
        STOLEN_PERCENT,
        percent,
        "% of the cores' time",
        f"The hypervisor gave {percent:.0f}% of the time of {counted(facts.cores, 'core')} to other virtual machines "
        f"(threshold {STOLEN_PERCENT}%).",
        "Take a larger instance, or another type: a burstable one, such as t3, is slowed down like this when its "
        "credits are used up.",
    )


def cpu_limit(system: SystemSeries) -> Finding | None:
    """The container was halted at its CPU limit in more than a quarter of the limit's periods."""
    limited = system.of("CPULimitReached")
    if not limited.size or limited.mean() <= LIMITED_PERCENT:
        return None
    percent = float(limited.mean())
    return Finding(
        "CPULimit",
        LIMITED_PERCENT,
        percent,
        "% of the limit's periods",
        f"The container came to the end of its CPU limit in {percent:.0f}% of the limit's periods "
        f"(threshold {LIMITED_PERCENT}%), and was halted until the next began.",
        "Raise the limit (--cpus of docker run, limits.cpu of Kubernetes), or set workers, and OMP_NUM_THREADS in the "
        "job's environment, to the number of cores that it allows.",
    )


def core_imbalance(summary: dict[str, Any], system: SystemSeries, facts: Facts) -> Finding | None:
    """One core was busy and the others idle: the busiest core is far above the next, in the median of all points.

    AWS's LoadBalancing compares GPUs. With a GPU one busy core is as it should be, unless steps wait for data.
    """
    cores = system.of("CPUUtilization")
    if len(cores) < 2 or (facts.device != "cpu" and waiting_percent(summary) <= WAITING_PERCENT):
        return None
    by_use = np.sort(cores, axis=0)
    distance = float(np.median(by_use[-1] - by_use[-2]))
    if distance <= IMBALANCE_POINTS:
        return None
    cause = (
        f"Set workers={facts.cores} (it is {facts.workers})"
        if facts.has_few_workers
        else "Look whether OMP_NUM_THREADS is set to 1"
    )
    return Finding(
        "CoreImbalance",
        IMBALANCE_POINTS,
        distance,
        "points",
        f"One of {len(cores)} cores was busy and the others were not: it was {distance:.0f} points above the next "
        f"(threshold {IMBALANCE_POINTS}).",
        f"{cause}; or take an instance type with fewer cores.",
    )


def cpu_bottleneck(system: SystemSeries) -> Finding | None:
    """A core is above 90% while the GPUs are under 10%, more than half of the time."""
    return _bottleneck(
        "CPUBottleneck",
        system.of("CPUUtilization"),
        CPU_BUSY,
        system.of("GPUUtilization"),
        "A core was above",
        "Leave workers at 0 (one for each core), or take an instance type with more cores for its GPU.",
    )


def io_bottleneck(system: SystemSeries) -> Finding | None:
    """A core waits for the disk above 50% while the GPUs are under 10%, more than half of the time."""
    return _bottleneck(
        "IOBottleneck",
        system.of("I/OWaitPercentage"),
        IO_WAITING,
        system.of("GPUUtilization"),
        "A core waited for the disk more than",
        "Take input mode File in the place of FastFile, smaller pictures, or an instance type with a faster disk or "
        "more memory.",
    )


def low_gpu_utilization(system: SystemSeries) -> Finding | None:
    """The 95th percentile of a GPU's utilisation is under 70% (not used), or its 5th under 10% (used in bursts).

    The worst GPU counts.
    """
    gpus = system.of("GPUUtilization")
    if not len(gpus):
        return None
    p95, p5 = (float(np.percentile(gpus, percent, axis=1).min()) for percent in (95, 5))
    if p95 < GPU_LOW_P95:
        return Finding(
            "LowGPUUtilization",
            GPU_LOW_P95,
            p95,
            "% (95th percentile)",
            f"The GPU was in use for {p95:.0f}% of the time or less in 95% of the samples (threshold {GPU_LOW_P95}%).",
            "Raise batch-size while memory allows, see that steps do not wait for data, or take a smaller GPU.",
        )
    if p5 < GPU_LOW_P5:
        return Finding(
            "LowGPUUtilization",
            GPU_LOW_P5,
            p5,
            "% (5th percentile)",
            f"The GPU's use came and went: from {p5:.0f}% (5th percentile, threshold {GPU_LOW_P5}%) to {p95:.0f}% "
            "(95th).",
            "See what the steps wait for: data, the debugger's saving of tensors, or evaluations between short epochs.",
        )
    return None


def batch_size(system: SystemSeries, facts: Facts) -> Finding | None:
    """The GPU has room for larger batches: 95th percentiles of the cores' and the GPU's utilisation, and the share of
    the GPU's memory that was used, are all under 70%.

    The share is that of the facts where they have it: torch keeps memory that it no longer uses, which the driver
    counts.
    """
    gpus, memory, cores = system.of("GPUUtilization"), system.of("GPUMemoryUtilization"), system.of("CPUUtilization")
    known = facts.gpu_memory_total > 0
    if not len(gpus) or not len(cores) or not (known or len(memory)):
        return None
    used = (
        100 * facts.gpu_memory_used / facts.gpu_memory_total
        if known
        else float(np.percentile(memory, 95, axis=1).max())
    )
    gpu_p95 = float(np.percentile(gpus, 95, axis=1).max())
    if used >= BATCH_MEMORY or gpu_p95 >= BATCH_GPU_P95 or np.percentile(cores.mean(axis=0), 95) >= BATCH_CPU_P95:
        return None
    return Finding(
        "BatchSize",
        BATCH_MEMORY,
        used,
        "% of GPU memory",
        f"Batches of {counted(facts.batch_size, 'picture')} used {used:.0f}% of the GPU's memory (threshold "
        f"{BATCH_MEMORY}%), "
        f"and the GPU was in use {gpu_p95:.0f}% of the time at most (threshold {BATCH_GPU_P95}%).",
        f"Try batch-size={2 * facts.batch_size}, and lr higher in proportion; or take a smaller GPU.",
    )


def gpu_memory_increase(system: SystemSeries) -> Finding | None:
    """GPU memory in use grows by more than 5 points from the end of the first quarter of the steps to the last: it will
    run out some day.

    AWS compares neighbouring windows of 10 points, and so also finds the one rise with which every run begins.
    """
    memory = system.of("GPUMemoryUtilization")
    later = memory[:, memory.shape[1] // 4 :]
    if not len(memory) or later.shape[1] < 2 * WINDOW:
        return None
    first, last = later[:, :WINDOW].mean(axis=1), later[:, -WINDOW:].mean(axis=1)
    worst = int((last - first).argmax())
    increase = float(last[worst] - first[worst])
    if increase <= MEMORY_INCREASE:
        return None
    return Finding(
        "GPUMemoryIncrease",
        MEMORY_INCREASE,
        increase,
        "points",
        f"The GPU's memory in use rose from {first[worst]:.0f}% to {last[worst]:.0f}% while steps ran "
        f"({increase:.0f} points, threshold {MEMORY_INCREASE}).",
        "Look for tensors that a run collects and never lets go, such as losses with their graphs; lower batch-size "
        "if the memory is nearly full.",
    )


def _bottleneck(rule: str, busy: np.ndarray, above: float, gpus: np.ndarray, what: str, advice: str) -> Finding | None:
    """A device is busy while no GPU is in use, more than half of the time; None without GPUs.

    Args:
        rule: name of the rule.
        busy: float64 [devices, points], how busy each device is, percent.
        above: limit for `busy`, percent.
        gpus: float64 [GPUs, points], their utilisation, percent.
        what: beginning of the sentence, up to the limit.
        advice: what to change.
    """
    if not len(busy) or not len(gpus):
        return None
    percent = 100 * float(((busy.max(axis=0) > above) & (gpus.max(axis=0) < GPU_IDLE)).mean())
    if percent <= BOTTLENECK_PERCENT:
        return None
    sentence = (
        f"{what} {above}% while the GPU was under {GPU_IDLE}% for {percent:.0f}% of the time (threshold "
        f"{BOTTLENECK_PERCENT}%)."
    )
    return Finding(rule, BOTTLENECK_PERCENT, percent, "% of the time", sentence, advice)
