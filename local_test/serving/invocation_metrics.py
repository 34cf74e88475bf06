"""What CloudWatch says about invocations, in the namespace AWS/SageMaker.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-endpoint-invocation
https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipeline-logs-metrics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-metrics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
"""

import time
from collections import defaultdict

from local_test.serving.batch_thread import BatchThread
from local_test.serving.invocation import Measured
from local_test.storage.metrics import Metrics

DIMENSIONS = ("EndpointName", "VariantName", "ContainerName")
NAMESPACE = "AWS/SageMaker"
SECONDS_BETWEEN_WRITES = 1.0


class InvocationMetrics:
    def __init__(self, metrics: Metrics):
        self._metrics = metrics
        self._batches = BatchThread("invocation metrics", self._write, SECONDS_BETWEEN_WRITES)
        self.put = self._batches.put
        self.stop = self._batches.stop

    def _write(self, batch: list[Measured]) -> None:
        now = time.time()
        for dimensions, numbers in data_points(batch).items():
            named = dict(zip(DIMENSIONS, dimensions, strict=False))
            for name, value in numbers:
                self._metrics.put(NAMESPACE, name, value, now, named)
        for component, numbers in component_points(batch).items():
            for name, value in numbers:
                self._metrics.put(NAMESPACE, name, value, now, {"InferenceComponentName": component})


def data_points(batch: list[Measured]) -> dict[tuple[str, ...], list[tuple[str, float]]]:
    """(metric, value) by endpoint and variant, and container where there are several: counts summed up, each latency,
    in microseconds, for itself.
    """
    points: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    by_variant: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(list)
    by_container: dict[tuple[str, ...], list[tuple[int, float]]] = defaultdict(
        list
    )  # of direct invocations: each is one to its container
    for one in batch:
        if not one.had_capacity:
            continue
        by_variant[one.endpoint, one.variant].append((one.status, one.seconds))
        for passed in one.containers:
            of_container = (one.endpoint, one.variant, passed.container)
            points[of_container].append(("ContainerLatency", passed.seconds * 1e6))
            if one.direct:
                by_container[of_container].append((passed.status, passed.seconds))
    for requests_of in (by_variant, by_container):
        for key, requests in requests_of.items():
            points[key] += _counted(requests)
    return dict(points)


def component_points(batch: list[Measured]) -> dict[str, list[tuple[str, float]]]:
    """(metric, value) by inference component: as `data_points`, and how many requests found no copy of it."""
    requests: dict[str, list[tuple[int, float]]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    for one in batch:
        if one.component is not None and one.had_capacity:
            requests[one.component].append((one.status, one.seconds))
        elif one.component is not None:
            refused[one.component] += 1
    points = {component: _counted(asked) for component, asked in requests.items()}
    for component, count in refused.items():
        points.setdefault(component, []).append(("NoCapacityInvocationFailures", float(count)))
    return points


def _counted(requests: list[tuple[int, float]]) -> list[tuple[str, float]]:
    """requests: (status, seconds) of each."""
    return [
        ("Invocations", float(len(requests))),
        ("Invocation4XXErrors", float(sum(400 <= status < 500 for status, _ in requests))),
        ("Invocation5XXErrors", float(sum(status >= 500 or status == 0 for status, _ in requests))),
        *(("ModelLatency", seconds * 1e6) for status, seconds in requests if status),
    ]
