"""What CloudWatch says about invocations, in the namespace AWS/SageMaker.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-endpoint-invocation
"""

import time
from collections import defaultdict

from local_test.serving.batch_thread import BatchThread
from local_test.serving.invocation import Measured
from local_test.storage.metrics import Metrics

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
        for (endpoint, variant), numbers in data_points(batch).items():
            for name, value in numbers:
                self._metrics.put(NAMESPACE, name, value, now, {"EndpointName": endpoint, "VariantName": variant})


def data_points(batch: list[Measured]) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """(metric, value) by endpoint and variant: counts summed up, each latency, in microseconds, for itself."""
    points = defaultdict(list)
    by_variant = defaultdict(list)
    for one in batch:
        by_variant[one.endpoint, one.variant].append(one)
    for key, requests in by_variant.items():
        points[key] = [
            ("Invocations", float(len(requests))),
            ("Invocation4XXErrors", float(sum(400 <= one.status < 500 for one in requests))),
            ("Invocation5XXErrors", float(sum(one.status >= 500 or one.status == 0 for one in requests))),
            *(("ModelLatency", one.seconds * 1e6) for one in requests if one.status),
        ]
    return dict(points)
