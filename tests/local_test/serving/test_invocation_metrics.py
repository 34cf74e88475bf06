"""What CloudWatch is told of a batch of invocations."""

from local_test.serving.invocation import Measured
from local_test.serving.invocation_metrics import component_points, data_points


def test_a_request_that_finds_no_copy_is_counted_apart():
    batch = [
        Measured("e", "v", 200, 0.002, component="i"),
        Measured("e", "v", 0, 0.0, component="i", had_capacity=False),
        Measured("e", "v", 200, 0.001),
    ]
    assert component_points(batch) == {
        "i": [
            ("Invocations", 1.0),
            ("Invocation4XXErrors", 0.0),
            ("Invocation5XXErrors", 0.0),
            ("ModelLatency", 2000.0),
            ("NoCapacityInvocationFailures", 1.0),
        ]
    }
    assert data_points(batch)["e", "v"][0] == ("Invocations", 2.0)
