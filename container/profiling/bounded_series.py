"""A time series of metrics in a bounded number of points: when it is full, neighbours are merged into their mean."""

from typing import Any

import numpy as np


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
