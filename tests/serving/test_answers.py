"""What a client gets: answers in batches, errors in one shape, limits that hold."""

import base64
import json
import re
import socket

import pytest

from tests.serving.conftest import SLEEPING, wait_for


@pytest.fixture(scope="module")
def endpoint(serve):
    with serve(environment={"DOGBREED_TOP_K": "2"}) as served:
        yield served


def test_concurrent_requests_share_forward_passes_and_each_has_its_own_answer(endpoint, picture):
    bodies = [picture, b"no picture", picture, picture[:200]] * 40
    answers = endpoint.invoke_all(bodies, at_once=16)
    assert [one.status for one in answers] == [200, 400, 200, 400] * 40
    assert len({one.body for one in answers[::4]}) == 1
    forwards = sum(1 / one.batch for one in answers[::2])
    assert forwards < 60, f"{forwards:.0f} forward passes for 80 pictures"
    for one in answers[1::2]:
        assert one.error


def test_a_single_client_is_never_kept_waiting(endpoint, picture):
    answers = [endpoint.invoke(picture) for _ in range(20)]
    assert {one.batch for one in answers} == {1}


def test_the_answer_names_the_models_version_and_the_stages_times(endpoint, picture):
    first, second = endpoint.invoke(picture), endpoint.invoke(picture)
    assert (
        re.fullmatch("[0-9a-f]{12}", first.headers["x-model-version"])
        and first.headers["x-model-version"] == second.headers["x-model-version"]
    )
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert [part.split(";")[0] for part in first.headers["server-timing"].split(", ")] == [
        "queue",
        "input",
        "predict",
        "output",
        "batch",
    ]


def test_formats_and_options_are_the_clients_choice(endpoint, picture):
    encoded = base64.b64encode(picture).decode()
    many = json.dumps({"instances": [encoded, {"b64": encoded}]}).encode()
    one = endpoint.invoke(picture)
    assert one.headers["content-type"] == "application/json" and len(one.json["predictions"]) == 2
    assert endpoint.invoke(json.dumps({"image": encoded}).encode(), "application/json").json == one.json
    assert endpoint.invoke(many, "application/json").json == {"predictions": [one.json["predictions"]] * 2}
    lines = endpoint.invoke(
        f'{{"image": "{encoded}"}}\n'.encode() * 3, "application/jsonlines", Accept="application/jsonlines"
    )
    assert [json.loads(line) for line in lines.body.decode().splitlines()] == [one.json] * 3
    assert endpoint.invoke(picture, Accept="text/csv").body.decode().count(",") == 3
    assert len(endpoint.invoke(picture, path="/invocations?top_k=4").json["predictions"]) == 4
    assert (
        len(
            endpoint.invoke(picture, X_Amzn_SageMaker_Custom_Attributes="trace=1;output=probabilities").json[
                "predictions"
            ]
        )
        == 5
    )
    assert len(endpoint.invoke(picture, path="/invocations?output=embedding").json["embedding"]) == 1024


def test_a_saliency_map_comes_beside_the_classes_and_other_answers_stay_as_they_were(endpoint, picture):
    before = endpoint.invoke(picture)
    explained = endpoint.invoke(picture, X_Amzn_SageMaker_Custom_Attributes="output=saliency;timing=true")
    assert explained.json["predictions"] == before.json["predictions"] == endpoint.invoke(picture).json["predictions"]
    saliency = explained.json["saliency"]
    assert saliency["label"] == explained.json["predictions"][0]["label"]
    assert len(saliency["grid"]) >= 4 and {len(row) for row in saliency["grid"]} == {len(saliency["grid"])}
    assert explained.headers["x-amzn-sagemaker-custom-attributes"] == explained.headers["server-timing"]
    assert "x-amzn-sagemaker-custom-attributes" not in before.headers


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        (b"no picture", "image/jpeg", {}, 400),
        (b"", "image/jpeg", {}, 400),
        (b"{", "application/json", {}, 400),
        (b'{"url": "http://169.254.169.254/latest/meta-data/"}', "application/json", {}, 400),
        (b"1,2", "text/csv", {}, 415),
        (b"\x93NUMPY\x01\x00", "application/x-npy", {}, 415),
        (b"\x80\x04K\x01.", "application/x-pickle", {}, 415),
        (b"a=1", "application/x-www-form-urlencoded", {}, 415),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            {},
            415,
        ),
        (b"--x\r\nbroken", "multipart/form-data", {}, 415),
        (None, "image/jpeg", {"Accept": "image/png"}, 406),
        (None, "image/jpeg", {"X-Amzn-SageMaker-Custom-Attributes": "top-k=none"}, 400),
    ],
)
def test_what_is_wrong_with_a_request_is_a_4xx_in_one_shape(endpoint, picture, body, content_type, headers, status):
    answer = endpoint.ask(
        "POST", "/invocations", picture if body is None else body, {"Content-Type": content_type, **headers}
    )
    assert answer.status == status and answer.error.endswith(".")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/invocations", 405),
        ("PUT", "/invocations", 405),
        ("GET", "/models", 404),
        ("POST", "/models", 404),
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
    ],
)
def test_other_paths_and_methods_are_refused_in_the_same_shape(endpoint, method, path, status):
    answer = endpoint.ask(method, path)
    assert answer.status == status and answer.error


@pytest.mark.parametrize(
    "query",
    ["accept=1", "x-content-type=1", "x-amzn-sagemaker-custom-attributes=1", "body=1", "%zz", "%FF", "a=%00", "\xff"],
)
def test_a_query_cannot_pretend_to_be_a_header_or_a_body(endpoint, picture, query):
    given = (
        f"POST /invocations?{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(picture)}\r\n"
        f"Connection: close\r\n\r\n".encode("latin-1")
        + picture
    )
    with socket.create_connection(("127.0.0.1", endpoint.port), 30) as raw:
        raw.sendall(given)
        status = int(raw.makefile("rb").readline().split()[1])
    assert status == 200


def test_paths_that_are_not_unicode_do_not_end_the_counting(endpoint, picture):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", endpoint.port), 30) as raw:
            raw.sendall(b"GET /\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert raw.makefile("rb").readline().split()[1] in (b"400", b"404")
    before = endpoint.python(COUNTED)
    assert endpoint.invoke(picture).status == 200
    wait_for(lambda: endpoint.python(COUNTED) != before, 5)


COUNTED = """
import urllib.request as u
print([line for line in u.urlopen('http://127.0.0.1:8083/metrics').read().decode().splitlines()
       if line.startswith('dogbreed_requests_total{status="200"')])
"""


def test_a_header_that_is_too_long_is_refused_in_the_same_shape(endpoint, picture):
    answer = endpoint.invoke(picture, X_Long="x" * 40_000)
    assert answer.status in (400, 431) and answer.error


def test_25_megabytes_are_read_and_26_are_refused(endpoint):
    assert endpoint.invoke(bytes(25 * 1024 * 1024)).status == 400  # read, and no picture
    try:
        refused = endpoint.invoke(bytes(26 * 1024 * 1024))
    except (BrokenPipeError, ConnectionResetError):
        return  # closed while the body was being sent
    assert refused.status == 413 and "25 MB" in refused.error


def test_many_large_bodies_at_once_are_read_or_told_to_wait(endpoint, picture):
    workers = endpoint.workers()
    answers = endpoint.invoke_all([bytes(20 * 1024 * 1024)] * 60, at_once=30)
    assert {one.status for one in answers} <= {400, 503}
    assert {one.headers.get("retry-after") for one in answers if one.status == 503} <= {"1"}
    assert endpoint.invoke(picture).status == 200 and endpoint.workers() == workers


def test_a_full_queue_is_a_503_that_says_when_to_try_again(serve, model_folder):
    with serve(model_folder({"code/inference.py": SLEEPING}), {"DOGBREED_MAX_QUEUE": "3"}) as served:
        answers = served.invoke_all([b"2"] * 8, at_once=8, content_type="text/plain")
        statuses = [one.status for one in answers]
        assert statuses.count(200) == 3 and statuses.count(503) == 5
        for one in answers:
            if one.status == 503:
                assert one.headers["retry-after"] == "1" and "Try again" in one.error
        assert served.ping() == 200


def test_an_answer_that_does_not_come_in_time_is_a_503(serve, model_folder):
    with serve(
        model_folder({"code/inference.py": SLEEPING}), {"SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "1"}
    ) as served:
        answer = served.invoke(b"3", "text/plain")
        assert answer.status == 503 and "it took longer than 1 s" in answer.error
        wait_for(lambda: served.invoke(b"0", "text/plain").status == 200, 20)


def test_a_fault_of_the_users_code_is_a_500_with_an_id_that_is_in_the_log(serve, model_folder):
    code = (
        "def model_fn(d): return 1\ndef predict_fn(data, model): return {}[data]\n"
        "def input_fn(body, content_type): return 'secret'\n"
    )
    with serve(model_folder({"code/inference.py": code})) as served:
        answer = served.invoke(b"x", "text/plain")
        identity = answer.headers["x-request-id"]
        assert (
            answer.status == 500
            and identity in answer.error
            and b"secret" not in answer.body
            and b"KeyError" not in answer.body
        )
        wait_for(lambda: f"fault {identity}" in served.log and "KeyError: 'secret'" in served.log, 5)


def test_urls_are_off_unless_switched_on_and_then_private_ones_are_refused(serve):
    with serve(environment={"DOGBREED_ALLOW_URLS": "true"}) as served:
        for url in (
            "http://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1:8082/models",
            "http://[::1]/",
            "file:///etc/passwd",
            "http://10.0.0.1/",
        ):
            answer = served.invoke(json.dumps({"url": url}).encode(), "application/json")
            assert answer.status == 400 and "ALLOW_URLS" not in answer.error, url


def test_what_cannot_be_sent_is_a_500_and_the_worker_goes_on(serve, model_folder):
    code = (
        "def model_fn(d): return 1\n"
        "def transform_fn(m, body, t, accept, context):\n"
        "    if body == b'number': context.set_response_header(0, 'X-N', 3)\n"
        "    if body == b'surrogate': return '\\ud800', 'text/plain'\n"
        "    return 'fine'\n"
    )
    with serve(model_folder({"code/inference.py": code}, None), {"DOGBREED_BATCH_SIZE": "2"}) as served:
        for _ in range(5):  # more often than there are connections
            assert served.invoke(b"number", "x/y").status == 500 and served.invoke(b"surrogate", "x/y").status == 500
        answer = served.invoke(b"x", "x/y", Accept="text/\xe9")
        assert answer.status == 200 and answer.body == b"fine" and answer.headers["content-type"] == "application/json"
        assert served.invoke(b"x", "x/y").status == 200 and served.ping() == 200
