"""Metrics that survive a restart: moto's CloudWatch answers, one file keeps the data points.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/cloudwatch/models.py). What comes in over the
API (PutMetricData) is kept as well as what `put` is given."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from moto.cloudwatch import models, urls
from moto.cloudwatch.models import CloudWatchBackend

from local_test.storage.json_lines import JsonLines, read_lines
from local_test.storage.moto_internals import check_moto

check_moto("metrics")


class Metrics:
    """Safe to use from many threads."""

    def __init__(self, account: str, region: str, folder: Path):
        """Take over moto's CloudWatch of this account and region, and put back the data points that `folder` holds."""
        path = folder / "metrics.jsonl"
        _StoredBackend.lines.pop((account, region), None)
        if models.cloudwatch_backends.backend is not _StoredBackend:
            models.cloudwatch_backends.backend = _StoredBackend
            models.cloudwatch_backends.pop(account, None)  # with the other class for what is made later
        models.cloudwatch_backends[account].pop(region, None)
        self._backend = models.cloudwatch_backends[account][region]
        for namespace, data in read_lines(path):
            self._backend.put_metric_data(namespace, [_with_times(datum, datetime.fromisoformat) for datum in data])
        _StoredBackend.lines[account, region] = JsonLines(path)

    def put(self, namespace: str, name: str, value: float, timestamp: float, dimensions: dict[str, str]) -> None:
        """One data point. timestamp: seconds since 1970."""
        datum = {
            "MetricName": name,
            "Value": value,
            "Timestamp": datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None),  # as moto's API hands it over
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        self._backend.put_metric_data(namespace, [datum])


class _StoredBackend(CloudWatchBackend):
    lines: ClassVar[dict[tuple[str, str], JsonLines]] = {}  # by account and region; others keep nothing

    def __init__(self, region_name: str, account_id: str):
        super().__init__(region_name, account_id)
        self._lock = threading.Lock()

    @property
    def _url_module(self) -> ModuleType:
        return urls

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        now = datetime.now(UTC).replace(tzinfo=None)
        timed = [{**datum, "Timestamp": datum.get("Timestamp") or now} for datum in metric_data]
        with self._lock:
            super().put_metric_data(namespace, timed)
            if lines := self.lines.get((self.account_id, self.region_name)):
                lines.append([namespace, [_with_times(datum, datetime.isoformat) for datum in timed]])


def _with_times(datum: dict[str, Any], convert: Any) -> dict[str, Any]:
    return {**datum, "Timestamp": convert(datum["Timestamp"])}
