"""What the running container tells Prometheus and CloudWatch."""

import json

from tests.serving.conftest import exited, wait_for

METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8083/metrics').read().decode())"


def test_requests_are_counted_whoever_refuses_them(serve, picture):
    with serve() as served:
        served.invoke_all([picture] * 30, at_once=8)
        served.invoke(b"no picture")
        served.ask("GET", "/invocations")
        wait_for(lambda: 'dogbreed_requests_total{status="405"} 1.0' in served.python(METRICS), 5)
        text = served.python(METRICS).splitlines()
        for line in (
            'dogbreed_requests_total{status="200"} 30.0',
            'dogbreed_requests_total{status="400"} 1.0',
            "dogbreed_ready 1.0",
            "dogbreed_batch_size_count 30.0",
        ):
            assert line in text, line
        stages = {line.split('"')[1] for line in text if line.startswith("dogbreed_stage_seconds_sum")}
        assert stages == {"queue", "input", "predict", "output"}
        served.container.kill("SIGTERM")
        wait_for(lambda: exited(served.container), 30)
        [line] = [json.loads(line) for line in served.log.splitlines() if line.startswith('{"_aws"')]
        assert line["Requests2XX"] == 30 and line["Requests4XX"] == 2 and sum(line["PredictTime"]["Counts"]) == 30
