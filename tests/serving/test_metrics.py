"""What the running container tells Prometheus and CloudWatch."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import SLEEPING, exited, wait_for

METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8083/metrics').read().decode())"
# What the public port says, as Prometheus' own parser reads it: series by name, without their parts by time and stage.
SCRAPE = """
import json, urllib.request
from prometheus_client.parser import text_string_to_metric_families
text = urllib.request.urlopen("http://127.0.0.1:8080/metrics").read().decode()
samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
print(json.dumps({one.name: one.value for one in samples if not set(one.labels) & {"le", "stage"}}))
"""


@pytest.fixture(scope="module")
def endpoint(serve):
    with serve() as served:
        yield served


def scraped(served) -> dict[str, float]:
    return json.loads(served.python(SCRAPE))


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


def test_the_public_port_tells_what_the_container_did(serve, picture):
    with serve() as served:
        before = scraped(served)
        assert before["dogbreed_ready"] == 1 and before["dogbreed_model_load_seconds_count"] == 1
        assert 0 < before["dogbreed_model_load_seconds_sum"] < 120
        served.invoke_all([picture] * 5, at_once=2)
        wait_for(lambda: scraped(served)["dogbreed_request_seconds_count"] == 5, 10)
        read = scraped(served)
        assert read["dogbreed_requests_total"] == read["dogbreed_batch_size_count"] == 5
        assert read["dogbreed_requests_in_progress"] == 0


def test_requests_in_progress_are_those_that_have_no_answer_yet(serve, model_folder):
    with serve(model_folder({"code/inference.py": SLEEPING})) as served, ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(served.invoke, b"2", "text/plain") for _ in range(3)]
        wait_for(lambda: scraped(served)["dogbreed_requests_in_progress"] == 3, 5)
        assert [answer.result().status for answer in answers] == [200] * 3
        assert scraped(served)["dogbreed_requests_in_progress"] == 0


def test_metrics_are_text_that_says_its_version(endpoint):
    answer = endpoint.ask("GET", "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert endpoint.ask("HEAD", "/metrics").status == 200


@pytest.mark.parametrize(
    ("method", "body", "status"), [("POST", b"", 405), ("DELETE", None, 405), ("GET", b"x" * 2000, 413)]
)
def test_the_metrics_take_no_other_method_and_no_body(endpoint, method, body, status):
    answer = endpoint.ask(method, "/metrics", body)
    assert answer.status == status and answer.error
    assert answer.headers.get("allow") == ("GET, HEAD" if status == 405 else None)


def test_headers_of_a_scraper_do_not_reach_the_program_behind(endpoint):
    longer_than_it_reads = {f"X-{number}": "x" for number in range(90)} | {"X-Long": "x" * 12_000}
    assert endpoint.ask("GET", "/metrics", headers=longer_than_it_reads).status == 200
