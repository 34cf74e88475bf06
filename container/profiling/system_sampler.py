"""Samples the machine's metrics in a thread while a run trains: into files, and into a short series for the report.

The series has a bounded number of points: when it is full, neighbours are merged into their mean.
"""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from container.profiling.cpu_contention import CpuContention
from container.profiling.machine_counters import GpuCounters, MachineCounters
from container.profiling.system_files import Metric, SystemFiles

THREAD = "system-sampler"
SHORTEST = 0.1  # seconds; in less the kernel's counters, which go in hundredths of a second, say nothing of a core


class SystemSampler:
    """Samples every `interval_ms` between `start` and `stop`, and once more at the end."""

    def __init__(self, folder: Path, node: str, interval_ms: int, most_bytes: int | None = None):
        """Args:
        folder: of the profile.
        node: algo-1, algo-2, ...; raises ValueError for another.
        interval_ms: at least 100.
        most_bytes: limit of the files; when they are full the sampler goes on for `series` alone. None: no limit.
        """
        self._most_bytes = most_bytes
        self._files, self._interval = SystemFiles(folder, node), interval_ms / 1000
        self._series, self._lock = BoundedSeries(), threading.Lock()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)
        self._writes = True

    def start(self) -> None:
        """Start the thread, once: the seconds of `series` count from here."""
        self._started = self._last = time.monotonic()
        self._machine, self._gpus, self._contention = MachineCounters(), GpuCounters(), CpuContention()
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample, complete the files, and end the thread."""
        self._ends.set()
        self._thread.join()

    def series(self) -> dict[str, Any]:
        """The metrics so far: {"seconds": [...], "values": {metric: [...]}}, lists of one length, at most 600 points.

        seconds: since start. A metric is called `<name>/<dimension>`, or `<name>` where it has no dimension
        (system_files.Metric): cpu0/CPUUtilization, MemoryUsedPercent, gpu0/GPUMemoryUtilization,
        ReceiveBytesPerSecond/Algorithm, ... To those of the files come the shares of `cpu_contention.cpu_shares`, which
        SageMaker has no names for. A value is the mean of the samples in a point, or None where none of them had the
        metric.
        """
        with self._lock:
            return self._series.read()

    def _run(self) -> None:
        due = self._started + self._interval
        while not self._ends.wait(max(0.0, due - time.monotonic())):
            self._sample()
            due += self._interval
            if due < time.monotonic():  # the machine did not let it run: what is missed is missed
                due = time.monotonic() + self._interval
        if time.monotonic() - self._last >= SHORTEST:
            self._sample()
        self._write(self._files.close)

    def _sample(self) -> None:
        self._last = time.monotonic()
        metrics = self._machine.read() + self._gpus.read()
        contention = self._contention.read()
        with self._lock:
            self._series.add(
                self._last - self._started, {_key(metric): metric.value for metric in metrics} | contention
            )
        self._write(lambda: self._files.write(time.time(), metrics))

    def _write(self, write: Callable[[], None]) -> None:
        """A full disk ends the files, not the training."""
        if not self._writes:
            return
        try:
            write()
            if self._most_bytes and self._files.bytes > self._most_bytes:
                self._writes = False
                self._files.close()
                print(
                    f"warning: the profile's system metrics end here, at {self._most_bytes / 1e6:.0f} MB; the report "
                    "has the rest",
                    file=sys.stderr,
                )
        except OSError as error:
            self._writes = False
            print(f"warning: the profile's system metrics end here, they cannot be written: {error}", file=sys.stderr)


class BoundedSeries:
    """At most `limit` points, however many samples are added.

    Every point stands for the same number of samples, except the newest.
    """

    def __init__(self, limit: int = 600):
        """limit: even, at least 2."""
        self._limit = limit
        self._width, self._in_last = 1, 0  # samples in a point; in the newest point so far
        self._points = 0
        self._seconds = np.zeros(limit)  # sums, as all below
        self._samples = np.zeros(limit)
        self._columns: dict[str, int] = {}
        self._sums, self._counts = np.zeros((limit, 0)), np.zeros((limit, 0))

    def add(self, seconds: float, values: dict[str, float]) -> None:
        """Add a sample. seconds: its time. values: by metric; metrics may come and go from one sample to the next."""
        if self._points == 0 or self._in_last == self._width:
            if self._points == self._limit:
                self._merge()
            self._points, self._in_last = self._points + 1, 0
        point = self._points - 1
        self._in_last += 1
        self._seconds[point] += seconds
        self._samples[point] += 1
        for metric, value in values.items():
            if metric not in self._columns:
                self._columns[metric] = len(self._columns)
                self._sums, self._counts = (np.pad(table, ((0, 0), (0, 1))) for table in (self._sums, self._counts))
            column = self._columns[metric]
            self._sums[point, column] += value
            self._counts[point, column] += 1

    def read(self) -> dict[str, Any]:
        """{"seconds": [...], "values": {metric: [...]}}, lists of one length: means of a point's samples.

        None where no sample of a point had the metric.
        """
        seconds = self._seconds[: self._points] / self._samples[: self._points]
        return {
            "seconds": seconds.tolist(),
            "values": {
                metric: [
                    total / count if count else None
                    for total, count in zip(
                        self._sums[: self._points, column].tolist(),
                        self._counts[: self._points, column].tolist(),
                        strict=True,
                    )
                ]
                for metric, column in self._columns.items()
            },
        }

    def _merge(self) -> None:
        half = self._limit // 2
        for table in (self._seconds, self._samples, self._sums, self._counts):
            table[:half] = table[0::2] + table[1::2]
            table[half:] = 0
        self._points, self._width = half, 2 * self._width


def _key(metric: Metric) -> str:
    return f"{metric.name}/{metric.dimension}" if metric.dimension else metric.name
