"""What made a run slow, in sentences: rules over its step times and its system metrics.

Rules that SageMaker Debugger has too bear its names and its thresholds; where one looks at something else, it says so.
https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-profiler-rules.html
"""

import math
from dataclasses import dataclass

import numpy as np

FEWEST_STEPS = 10  # fewer say more about the start of a run than about its steps
FEWEST_POINTS = 20  # of a system metric, likewise
WINDOW = 10  # points

WAITING_PERCENT = 20
BOTTLENECK_PERCENT, CPU_BUSY, GPU_IDLE, IO_WAITING = 50, 90, 10, 50
GPU_LOW_P95, GPU_LOW_P5 = 70, 10
BATCH_CPU_P95, BATCH_GPU_P95, BATCH_MEMORY = 70, 70, 70
MEMORY_INCREASE = 5
OUTLIERS_IGNORED = 10
FEWEST_WORKERS_PERCENT, MOST_WORKERS_PERCENT = 70, 200
IMBALANCE_POINTS = 50


@dataclass(frozen=True)
class Facts:
    """What the rules must know of a run.

    workers: threads that make inputs; 0: one for each core. cores: those that the process may use. device: cpu or cuda.
    gpu_memory_used, gpu_memory_total: bytes, the most that was used; 0 when not known. steps_from, steps_to: when the
    first step began and the last one ended, in the seconds of the system series: before and after it, no GPU is
    expected to be busy."""

    batch_size: int
    workers: int
    cores: int
    device: str
    gpu_memory_used: int = 0
    gpu_memory_total: int = 0
    steps_from: float = 0.0
    steps_to: float = math.inf


@dataclass(frozen=True)
class Finding:
    """A rule that was met. value and threshold have the same unit; sentence: what was seen; advice: what to change."""

    rule: str
    threshold: float
    value: float
    unit: str
    sentence: str
    advice: str


def find(summary: dict, series: dict, facts: Facts) -> list[Finding]:
    """summary: StepTimes.summary(); series: SystemSampler.series(). No finding: nothing that these rules know slowed
    the run.

    Points of a series are means of many samples in a long run: what comes and goes within one is seen as its mean.
    """
    system = _System(series, facts.steps_from, facts.steps_to)
    found = [
        waiting_for_data(summary, facts),
        dataloader(summary, facts),
        core_imbalance(summary, system, facts),
        step_outlier(summary),
        io_bottleneck(system),
        cpu_bottleneck(system),
        low_gpu_utilization(system),
        batch_size(system, facts),
        gpu_memory_increase(system),
    ]
    return [finding for finding in found if finding]


class _System:
    """The part of a system series in which steps ran: for each metric an array by device, float64 [devices, points],
    NaN for None.
    """

    def __init__(self, series: dict, start: float, end: float):
        seconds = np.array(series["seconds"], np.float64)
        inside = (seconds >= start) & (seconds <= end)
        self._values = {metric: np.array(values, np.float64)[inside] for metric, values in series["values"].items()}
        self._points = int(inside.sum())

    def of(self, dimension: str) -> np.ndarray:
        """All devices that have this metric in every point, if there are enough points to judge; else none: [0,
        points].
        """
        rows = [
            values
            for metric, values in self._values.items()
            if metric.endswith(f"/{dimension}") and not np.isnan(values).any()
        ]
        if not rows or self._points < FEWEST_POINTS:
            return np.empty((0, self._points))
        return np.stack(rows)


def _waiting_percent(summary: dict) -> float:
    if summary["steps"] < FEWEST_STEPS:
        return 0.0
    return 100 * summary["phases"].get("data", {"share": 0.0})["share"]


def _workers(facts: Facts) -> int:
    return facts.workers or facts.cores


def _are_few(facts: Facts) -> bool:
    return 100 * _workers(facts) < FEWEST_WORKERS_PERCENT * facts.cores


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def waiting_for_data(summary: dict, facts: Facts) -> Finding | None:
    """The share of the steps' time in which they waited for inputs. Not a rule of AWS's."""
    percent = _waiting_percent(summary)
    if percent <= WAITING_PERCENT:
        return None
    if _are_few(facts):
        first = f"Set workers={facts.cores} (it is {facts.workers}), one for each core"
    else:
        first = f"Take an instance type with more cores (it has {facts.cores}), and leave workers at 0"
    return Finding(
        "WaitingForData",
        WAITING_PERCENT,
        percent,
        "% of step time",
        f"Steps waited for data {percent:.0f}% of the time (threshold {WAITING_PERCENT}%), "
        f"{summary['phases']['data']['mean'] * 1000:.1f} ms of {1000 / summary['steps_per_second']:.1f} ms in "
        f"the mean.",
        f"{first}; or give the job smaller pictures, or a smaller image-size.",
    )


def dataloader(summary: dict, facts: Facts) -> Finding | None:
    """Threads that make inputs, against cores. AWS's Dataloader looks at the number alone, this at steps that wait for
    data, too.
    """
    percent = 100 * _workers(facts) / facts.cores
    if _waiting_percent(summary) <= WAITING_PERCENT or FEWEST_WORKERS_PERCENT <= percent <= MOST_WORKERS_PERCENT:
        return None
    few = percent < FEWEST_WORKERS_PERCENT
    threshold = FEWEST_WORKERS_PERCENT if few else MOST_WORKERS_PERCENT
    return Finding(
        "Dataloader",
        threshold,
        percent,
        "workers for 100 cores",
        f"{_counted(facts.workers, 'worker')} made the inputs on {_counted(facts.cores, 'core')} while steps waited "
        "for them: "
        f"{percent:.0f}% of the cores (threshold {threshold}%).",
        f"Set workers={facts.cores}, or workers=0, which is one for each core.",
    )


def core_imbalance(summary: dict, system: _System, facts: Facts) -> Finding | None:
    """One core busy, the others idle: the distance of the busiest from the next, in the middle of all points.

    AWS's LoadBalancing compares GPUs. On a GPU one busy core is as it should be, unless steps wait for data.
    """
    cores = system.of("CPUUtilization")
    if len(cores) < 2 or (facts.device != "cpu" and _waiting_percent(summary) <= WAITING_PERCENT):
        return None
    by_use = np.sort(cores, axis=0)
    distance = float(np.median(by_use[-1] - by_use[-2]))
    if distance <= IMBALANCE_POINTS:
        return None
    cause = (
        f"Set workers={facts.cores} (it is {facts.workers})"
        if _are_few(facts)
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


def step_outlier(summary: dict) -> Finding | None:
    """Steps far slower than the median, as step_times tells them; AWS's are those above 3 standard deviations. Like AWS
    it lets 10 pass.
    """
    if summary["outliers"] <= OUTLIERS_IGNORED:
        return None
    return Finding(
        "StepOutlier",
        OUTLIERS_IGNORED,
        summary["outliers"],
        "steps",
        f"{summary['outliers']} of {summary['steps']} steps took more than three times the median of "
        f"{summary['step']['p50'] * 1000:.1f} ms (threshold {OUTLIERS_IGNORED} steps), the slowest "
        f"{summary['step']['max'] * 1000:.1f} ms.",
        "Look at the list of the slowest steps: the phase that made them slow is named there. Trace some of them.",
    )


def _bottleneck(rule: str, busy: np.ndarray, above: float, gpus: np.ndarray, what: str, advice: str) -> Finding | None:
    """One of `busy` is above a limit while no GPU is in use, more than half of the time; nothing without GPUs. what: to
    be read in a sentence.
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


def cpu_bottleneck(system: _System) -> Finding | None:
    """A core is above 90% while the GPUs are under 10%, more than half of the time."""
    return _bottleneck(
        "CPUBottleneck",
        system.of("CPUUtilization"),
        CPU_BUSY,
        system.of("GPUUtilization"),
        "A core was above",
        "Leave workers at 0 (one for each core), or take an instance type with more cores for its GPU.",
    )


def io_bottleneck(system: _System) -> Finding | None:
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


def low_gpu_utilization(system: _System) -> Finding | None:
    """The 95th percentile of a GPU's utilisation is under 70% (not used), or its 5th under 10% (used in bursts). The
    worst GPU counts.
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
            "See what the steps wait for: data, the hook, or evaluations between short epochs.",
        )
    return None


def batch_size(system: _System, facts: Facts) -> Finding | None:
    """95th percentiles of cores' and GPU's utilisation and the share of the GPU's memory that was used are all under
    70%.

    The share is that of the facts where they have it: torch keeps memory that it no longer uses, which the driver
    counts."""
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
        f"Batches of {_counted(facts.batch_size, 'picture')} used {used:.0f}% of the GPU's memory (threshold "
        f"{BATCH_MEMORY}%), "
        f"and the GPU was in use {gpu_p95:.0f}% of the time at most (threshold {BATCH_GPU_P95}%).",
        f"Try batch-size={2 * facts.batch_size}, and lr higher in proportion; or take a smaller GPU.",
    )


def gpu_memory_increase(system: _System) -> Finding | None:
    """Memory in use grows by more than 5 points from the end of the first quarter of the steps to the end: it will not
    fit some day.

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
