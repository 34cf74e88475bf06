"""The profile in the record of a run: step times, and the system's series under few names, with units."""

from statistics import fmean
from typing import Any

from container.profiling.step_times import StepTimes
from container.report.record import Outlier, PhaseTime, StepSeries, StepTime, System
from container.report.record import StepTimes as StepTimesRecord

MEGABYTE = 1e6
# Endings of the sampler's metrics; those of all cores, or all GPUs, with one ending are one line, their mean.
_NAMES = {
    "/CPUUtilization": ("CPU, %", 1),
    "/CPUOfOthers": ("CPU of other programs, %", 1),
    "/CPUStolen": ("CPU stolen, %", 1),
    "/CPULimitReached": ("CPU limit reached, %", 1),
    "/I/OWaitPercentage": ("waiting for disks, %", 1),
    "MemoryUsedPercent": ("memory, %", 1),
    "ReadThroughputInBytesPerSecond": ("read from disks, MB/s", MEGABYTE),
    "WriteThroughputInBytesPerSecond": ("written to disks, MB/s", MEGABYTE),
    "ReceiveBytesPerSecond/Algorithm": ("received, MB/s", MEGABYTE),
    "TransmitBytesPerSecond/Algorithm": ("sent, MB/s", MEGABYTE),
}
_ONLY_WHERE_SEEN, SEEN = ("CPU stolen, %", "CPU limit reached, %"), 1.0  # as a rule there is nothing to see
_OF_EACH_GPU = {"GPUUtilization": "GPU {number}, %", "GPUMemoryUtilization": "memory of GPU {number}, %"}


def step_times_record(times: StepTimes, before: int = 0) -> StepTimesRecord | None:
    """The times of the steps; None before the first is over. before: steps of the run before the times began."""
    summary, series = times.summary(), times.series()
    if not summary["steps"]:
        return None
    return StepTimesRecord(
        summary={phase: PhaseTime(**found) for phase, found in summary["phases"].items()},
        step=StepTime(**summary["step"], count=summary["steps"], per_second=summary["steps_per_second"]),
        evaluation_seconds=summary["evaluation_seconds"],
        series=StepSeries([before + step for step in series["step"]], series["phases"]),
        outliers=[Outlier(before + one.number, one.seconds, one.phase) for one in times.outliers()],
    )


def system_record(series: dict[str, Any]) -> System:
    """The system's series, one for all cores and one for each GPU, in the order of _NAMES.

    series: `SystemSampler.series()`.
    """
    lines: dict[str, list[list[float | None]]] = {}
    for metric, values in series["values"].items():
        name, unit = _shown(metric)
        if name:
            lines.setdefault(name, []).append([None if value is None else value / unit for value in values])
    order = {name: place for place, (name, _) in enumerate(_NAMES.values())}
    found = {
        name: [_mean(point) for point in zip(*lines[name], strict=True)]
        for name in sorted(lines, key=lambda name: order.get(name, len(order)))
    }
    return System(
        series["seconds"],
        {
            name: values
            for name, values in found.items()
            if name not in _ONLY_WHERE_SEEN or any(value is not None and value >= SEEN for value in values)
        },
    )


def _shown(metric: str) -> tuple[str | None, float]:
    device, _, dimension = metric.partition("/")
    if dimension in _OF_EACH_GPU:
        return _OF_EACH_GPU[dimension].format(number=device.removeprefix("gpu")), 1
    return next((found for ending, found in _NAMES.items() if metric.endswith(ending)), (None, 1))


def _mean(values: tuple[float | None, ...]) -> float | None:
    there = [value for value in values if value is not None]
    return fmean(there) if there else None
