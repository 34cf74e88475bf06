"""What Prometheus and CloudWatch get."""

import json
import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from container.serving.server.metrics import Metrics, RequestLog

TIMING = 'queue;dur=2.0, input;dur=0.5, predict;dur=20.0, output;dur=0.1, batch;desc="4"'


def test_prometheus_gets_requests_by_status_stages_and_batch_sizes():
    metrics = Metrics()
    metrics.ready(True)
    for _ in range(3):
        metrics.count(200, 0.025, TIMING)
    metrics.count(413, 0.001, "")
    text = metrics.prometheus().decode()
    for line in (
        'dogbreed_requests_total{status="200"} 3.0',
        'dogbreed_requests_total{status="413"} 1.0',
        "dogbreed_request_seconds_count 4.0",
        'dogbreed_stage_seconds_sum{stage="predict"} 0.06',
        "dogbreed_batch_size_sum 12.0",
        "dogbreed_ready 1.0",
    ):
        assert line in text.splitlines(), line


def parsed(metrics: Metrics) -> dict[str, float]:
    """By name and labels, as Prometheus' own parser reads the text."""
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(metrics.prometheus().decode())
        for sample in family.samples
    }


def test_prometheus_parser_reads_loading_requests_in_progress_and_the_memory_of_gpus():
    metrics = Metrics()
    metrics.loaded(0.7)
    metrics.in_progress(3)
    metrics.gpu_memory({0: (1_000, 16_000), 1: (2_000, 16_000)})
    metrics.gpu_memory({1: (3_000, 16_000)})
    read = parsed(metrics)
    assert (read["dogbreed_model_load_seconds_count"], read["dogbreed_model_load_seconds_sum"]) == (1, 0.7)
    assert [read[f"dogbreed_model_load_seconds_bucket le={most}"] for most in (0.5, 1.0)] == [0, 1]
    assert read["dogbreed_requests_in_progress"] == 3
    used = [read[f"dogbreed_gpu_memory_used_bytes gpu={gpu}"] for gpu in (0, 1)]
    assert used == [1_000, 3_000] and read["dogbreed_gpu_memory_bytes gpu=1"] == 16_000


def test_a_machine_without_a_gpu_has_no_series_of_one():
    assert not [name for name in parsed(Metrics()) if "gpu" in name]


def test_cloudwatch_gets_one_line_in_its_embedded_format_of_what_happened_since_the_last():
    metrics = Metrics()
    assert metrics.cloudwatch() is None
    for seconds in (0.02, 0.02, 0.04):
        metrics.count(200, seconds, TIMING)
    metrics.count(503, 0.001, "")
    line = json.loads(metrics.cloudwatch(now=1000.5))
    assert line["_aws"]["Timestamp"] == 1000500
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "DogbreedServing" and directive["Dimensions"] == [[]]
    assert {one["Name"] for one in directive["Metrics"]} == set(line) - {"_aws"}
    assert line["Requests2XX"] == 3 and line["Requests5XX"] == 1 and line["BatchSize"] == {"Values": [4], "Counts": [3]}
    assert line["RequestTime"]["Values"] == pytest.approx([20, 40, 1], rel=0.08) and line["RequestTime"]["Counts"] == [
        2,
        1,
        1,
    ]
    assert line["QueueTime"]["Counts"] == [3] and metrics.cloudwatch() is None


def test_a_line_has_at_most_a_hundred_values_of_a_metric_within_eight_per_cent():
    metrics = Metrics()
    times = [1.01**exponent / 10_000 for exponent in range(1380)]  # 0.1 ms to 91 s
    for seconds in times:
        metrics.count(200, seconds, "")
    line = json.loads(metrics.cloudwatch())
    assert len(line["RequestTime"]["Values"]) <= 100 and sum(line["RequestTime"]["Counts"]) == len(times)
    for seconds in times:
        assert min(abs(value / 1000 / seconds - 1) for value in line["RequestTime"]["Values"]) < 0.08


def test_nginxs_reports_are_counted_and_failures_named(tmp_path, capsys):
    metrics = Metrics()
    log = RequestLog(tmp_path, metrics)
    lines = (
        b'{"status": "009", "path": "/invocations", "seconds": "0", "timing": "", "id": "\\xff"}\n'
        b'{"path": "/\xff", "status": "400"}\nnonsense\n'
    )
    for path, status, identity in (
        ("/invocations", 200, "a1"),
        ("/models/dogs/invoke", 500, "b2"),
        ("/ping", 200, "c3"),
        ("/models/dogs", 404, "d4"),
    ):
        said = {
            "status": str(status),
            "seconds": "0.1",
            "path": path,
            "id": identity,
            "timing": TIMING if status == 200 else "",
        }
        lines += json.dumps(said).encode() + b"\n"
    with (tmp_path / "requests").open("wb", buffering=0) as nginx:
        nginx.write(lines[:150])  # a line in two pieces
        log.read()
        nginx.write(lines[150:])
        log.read()
    counted = [
        line for line in metrics.prometheus().decode().splitlines() if line.startswith("dogbreed_requests_total{")
    ]
    assert counted == ['dogbreed_requests_total{status="200"} 1.0', 'dogbreed_requests_total{status="500"} 1.0']
    said = capsys.readouterr().err
    assert "request b2 was answered with 500" in said and "a1" not in said and "d4" not in said


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/invocations", True),
        ("/invocations?top_k=2", True),
        ("/models/a/invoke", True),
        ("/ping", False),
        ("/x?/invocations", False),
        ("", False),
    ],
)
def test_invocations_alone_are_counted_whatever_their_query(tmp_path, path, counted):
    log = RequestLog(tmp_path, Metrics())
    line = {"status": "400", "seconds": "0.001", "path": path, "id": "a", "timing": ""}
    os.write(log.pipe, json.dumps(line).encode() + b"\n")
    log.read()
    assert ('dogbreed_requests_total{status="400"} 1.0' in log.metrics.prometheus().decode()) == counted
