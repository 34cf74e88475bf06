"""What a training job prints: its log streams, the metrics that its regular expressions find in them, and who follows.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/training-metrics.html
"""

import time
from typing import Any

from local_test.host.emulator_settings import Platform
from local_test.training.job_log import JobLog
from local_test.training.metric_definitions import MetricScan

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def training_log(platform: Platform, job: str) -> JobLog:
    return JobLog(platform.logs, LOG_GROUP, job)


class Listener:
    """Who follows a training job while it runs; this one does nothing. Its methods are called from the job's own
    threads, so they must return soon.
    """

    def metrics(self, found: list[tuple[str, float]]) -> None:
        """(metric, value) of lines that the job has just printed, in their order. What this raises is an internal error
        of the job.
        """

    def starts_again(self) -> None:
        """The job begins once more, after an interruption or a fault; without checkpoints its program begins at the
        first epoch.
        """

    def ended(self, job: dict[str, Any]) -> None:
        """job: its record, as DescribeTrainingJob answers it. Every line was heard before. Must not raise."""


class TrainingLog:
    """The log of one job. `hear` may be called from a thread for each host."""

    def __init__(self, platform: Platform, request: dict[str, Any], listener: Listener):
        self._platform, self._listener, self._job = platform, listener, request["TrainingJobName"]
        self._log = training_log(platform, self._job)
        self._scan = MetricScan(request["AlgorithmSpecification"].get("MetricDefinitions", []))
        self._final_metrics: dict[str, dict[str, Any]] = {}
        self.write, self.write_as_platform = self._log.write, self._log.write_as_platform

    def hear(self, stream: str, lines: list[str]) -> None:
        """Write the lines down, and their metrics to CloudWatch and to the listener. Raises OSError."""
        now = time.time()
        self._log.write(stream, lines)
        found, given_up = self._scan.values(lines)
        for metric, value in found:
            self._final_metrics[metric] = {"MetricName": metric, "Value": value, "Timestamp": now}
            self._platform.metrics.put(LOG_GROUP, metric, value, now, {"TrainingJobName": self._job})
        if found:
            self._listener.metrics(found)
        for metric in given_up:
            self.write_as_platform(
                f"The regex of metric {metric} is too slow for this log; the metric is not read any more. Simplify it."
            )

    def final_metrics(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: the last value of each metric so far."""
        return list(self._final_metrics.values())

    def close(self) -> None:
        """No more lines come."""
        self._scan.close()
