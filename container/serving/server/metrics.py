"""What the endpoint did: for Prometheus as text, for CloudWatch as lines of the log in its embedded metric format.

nginx reports every request, also those that it refuses, with the worker's times in them (Server-Timing), so everything
is counted once: a line each, through a pipe that nginx takes for its access log.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""

import fcntl
import json
import math
import os
import re
import sys
import time
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

NAMESPACE = "DogbreedServing"
STAGES = ("queue", "input", "predict", "output")
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128)
LOAD_BUCKETS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)  # seconds
INVOCATION = re.compile(r"/invocations|/models/[^/]+/invoke")
PIPE_SIZE = 1024 * 1024  # bytes; nginx waits when it is full, so that no line is lost
_DURATION = re.compile(r'(\w+);(?:dur=([\d.]+)|desc="(\d+)")')
disable_created_metrics()  # a second series for each, of when it began


class Metrics:
    """Not safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "dogbreed_requests", "Answered invocations by HTTP status", ["status"], registry=self._registry
        )
        self._seconds = Histogram(
            "dogbreed_request_seconds",
            "From the first byte of a request to the last of its answer",
            registry=self._registry,
            buckets=SECONDS_BUCKETS,
        )
        self._stages = Histogram(
            "dogbreed_stage_seconds",
            "Of an invocation: waiting, reading, predicting, writing",
            ["stage"],
            registry=self._registry,
            buckets=SECONDS_BUCKETS,
        )
        self._batches = Histogram(
            "dogbreed_batch_size",
            "Requests in the forward pass of each invocation",
            registry=self._registry,
            buckets=BATCH_BUCKETS,
        )
        self._loads = Histogram(
            "dogbreed_model_load_seconds",
            "From the start of a worker until its model has run",
            registry=self._registry,
            buckets=LOAD_BUCKETS,
        )
        self._ready = Gauge("dogbreed_ready", "1 while /ping is 200", registry=self._registry)
        self._in_progress = Gauge(
            "dogbreed_requests_in_progress", "Requests that arrive, wait or are answered", registry=self._registry
        )
        self._gpu_used = Gauge(
            "dogbreed_gpu_memory_used_bytes", "Memory of a GPU that is taken", ["gpu"], registry=self._registry
        )
        self._gpu_total = Gauge("dogbreed_gpu_memory_bytes", "Memory of a GPU", ["gpu"], registry=self._registry)
        self._values: dict[str, Tally[float]] = defaultdict(Tally)  # since the last line for CloudWatch

    def ready(self, ready: bool) -> None:
        self._ready.set(ready)

    def in_progress(self, requests: int) -> None:
        self._in_progress.set(requests)

    def loaded(self, seconds: float) -> None:
        """A worker has its model, that long after it was forked."""
        self._loads.observe(seconds)

    def gpu_memory(self, of_gpus: Mapping[int, tuple[int, int]]) -> None:
        """of_gpus: number of a GPU -> bytes of its memory that are taken, and all."""
        for gpu, (used, total) in of_gpus.items():
            self._gpu_used.labels(str(gpu)).set(used)
            self._gpu_total.labels(str(gpu)).set(total)

    def count(self, status: int, seconds: float, timing: str) -> None:
        """timing: the Server-Timing header of the answer, empty when no worker gave it."""
        self._requests.labels(str(status)).inc()
        self._seconds.observe(seconds)
        self._values[f"Requests{status // 100}XX"][1] += 1
        self._values["RequestTime"][_rounded(seconds * 1000)] += 1
        for name, duration, size in _DURATION.findall(timing):
            if size:
                self._batches.observe(int(size))
                self._values["BatchSize"][int(size)] += 1
            elif name in STAGES:
                self._stages.labels(name).observe(float(duration) / 1000)
                self._values[f"{name.capitalize()}Time"][_rounded(float(duration))] += 1

    def prometheus(self) -> bytes:
        """https://prometheus.io/docs/instrumenting/exposition_formats/"""
        return generate_latest(self._registry)

    def cloudwatch(self, now: float | None = None) -> str | None:
        """One line of everything since the last one; None when nothing happened. now: seconds since 1970. Times in
        milliseconds.
        """
        if not self._values:
            return None
        values, self._values = self._values, defaultdict(Tally)
        metrics: list[dict[str, str]] = []
        fields: dict[str, object] = {}
        for name, tally in values.items():
            unit = "Milliseconds" if name.endswith("Time") else "Count"
            metrics.append({"Name": name, "Unit": unit})
            if name.startswith("Requests"):
                fields[name] = sum(tally.values())
            else:
                fields[name] = {
                    "Values": list(tally),
                    "Counts": list(tally.values()),
                }  # at most 100: see _rounded, and MOST_BATCH in settings.py
        stamp = int((time.time() if now is None else now) * 1000)
        directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}
        return json.dumps({"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, **fields})


class RequestLog:
    """nginx's report: counts invocations, and names those that failed on the container's log."""

    def __init__(self, run_dir: Path, metrics: Metrics):
        """Before nginx is started, which opens the pipe's other end."""
        self.metrics = metrics
        self._incomplete = b""
        path = run_dir / "requests"
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # also for writing: the pipe then has no end
        with suppress(OSError):  # a user that has many large pipes gets a smaller one
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def read(self) -> None:
        """Everything that has come."""
        while True:
            try:
                said = os.read(self.pipe, PIPE_SIZE)
            except BlockingIOError:
                return
            *lines, self._incomplete = (self._incomplete + said).split(b"\n")
            for line in lines:
                try:
                    self._count(
                        json.loads(line.decode(errors="replace"))
                    )  # nginx leaves bytes as they came: a path need not be UTF-8
                except (ValueError, KeyError) as error:
                    print(f"warning: a request was not counted: {error}", file=sys.stderr, flush=True)

    def _count(self, request: dict[str, Any]) -> None:
        if not INVOCATION.fullmatch(request["path"].partition("?")[0]):
            return
        status = int(request["status"])
        self.metrics.count(status, float(request["seconds"]), request["timing"])
        if status >= 500:
            print(
                f"request {request['id']} was answered with {status} after {request['seconds']} s",
                file=sys.stderr,
                flush=True,
            )


def _rounded(milliseconds: float) -> float:
    """To the nearest of 16 values a decade, 8 % at most away, from 0.1 ms to 100 s: fewer than 100 different ones."""
    if milliseconds < 0.1:
        return 0.0
    return float(f"{10 ** (round(math.log10(min(milliseconds, 100_000)) * 16) / 16):.3g}")
