"""A multi-model endpoint: load, list, unload, invoke, and what is wrong with each."""

import json
import time

import pytest
from docker.types import Mount

from tests.serving.conftest import wait_for

ENVIRONMENT = {"SAGEMAKER_MULTI_MODEL": "true"}


@pytest.fixture(scope="module")
def models(model_folder, tmp_path_factory):
    """/opt/ml/models with three models."""
    folder = tmp_path_factory.mktemp("models")
    own = "def model_fn(d): return d\ndef transform_fn(m, b, t, a): return m, 'text/plain'\n"
    for name, made in (
        ("dogs", model_folder()),
        ("own", model_folder({"code/inference.py": own}, None)),
        ("torn", model_folder({"model.safetensors": b"x"}, None)),
    ):
        made.rename(folder / name)
    return folder


@pytest.fixture(scope="module")
def endpoint(serve, models):
    with serve(
        environment=ENVIRONMENT, mounts=[Mount("/opt/ml/models", str(models), type="bind", read_only=True)]
    ) as served:
        yield served


def load(endpoint, name, folder=None):
    asked = {"model_name": name, "url": f"/opt/ml/models/{folder or name}"}
    return endpoint.ask("POST", "/models", json.dumps(asked).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def nothing_loaded(endpoint):
    yield
    for one in endpoint.ask("GET", "/models").json["models"]:
        assert endpoint.ask("DELETE", f"/models/{one['modelName']}").status == 200


def test_models_are_loaded_listed_invoked_and_unloaded(endpoint, nothing_loaded, picture):
    assert endpoint.ping() == 200 and endpoint.ask("GET", "/models").json == {"models": []}
    assert load(endpoint, "dogs").status == 200 and load(endpoint, "mine", "own").status == 200
    listed = [
        {"modelName": "dogs", "modelUrl": "/opt/ml/models/dogs"},
        {"modelName": "mine", "modelUrl": "/opt/ml/models/own"},
    ]
    assert endpoint.ask("GET", "/models").json == {"models": listed}
    assert endpoint.ask("GET", "/models/dogs").json == listed[0]
    assert len(endpoint.invoke(picture, path="/models/dogs/invoke").json["predictions"]) == 5
    assert endpoint.invoke(b"", "x/y", path="/models/mine/invoke").body == b"/opt/ml/models/own"
    assert endpoint.ask("DELETE", "/models/dogs").status == 200
    gone = endpoint.invoke(picture, path="/models/dogs/invoke")
    assert gone.status == 404 and "not loaded" in gone.error
    assert endpoint.invoke(b"", "x/y", path="/models/mine/invoke").status == 200
    assert load(endpoint, "dogs").status == 200 and endpoint.invoke(picture, path="/models/dogs/invoke").status == 200


def test_a_model_that_is_loaded_already_is_a_409(endpoint, nothing_loaded):
    assert load(endpoint, "dogs").status == 200
    again = load(endpoint, "dogs")
    assert again.status == 409 and "already loaded" in again.error


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/models/none"), ("DELETE", "/models/none"), ("POST", "/models/none/invoke"), ("POST", "/invocations")],
)
def test_a_model_that_is_not_loaded_is_a_404(endpoint, method, path):
    answer = endpoint.ask(method, path, b"x" if method == "POST" else None)
    assert answer.status == 404 and answer.error


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"model_name": "a"}',
        b'{"model_name": "a", "url": "relative"}',
        b'{"model_name": "../a", "url": "/opt"}',
        b'{"model_name": "a", "url": "/nowhere"}',
    ],
)
def test_a_request_to_load_that_makes_no_sense_is_a_400(endpoint, body):
    answer = endpoint.ask("POST", "/models", body, {"Content-Type": "application/json"})
    assert answer.status == 400 and answer.error


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a" * 129, "a b", "a\n", "\0", "é", None, 1, ["a"]])
def test_a_name_that_is_no_part_of_a_path_is_a_400(endpoint, name):
    answer = load(endpoint, name, "dogs")
    assert answer.status == 400 and answer.error.startswith("model_name must be of letters, digits")
    assert endpoint.ask("GET", "/models").json == {"models": []}


@pytest.mark.parametrize(
    "name", ["..", ".", "", "%2e%2e", "%2e", "%2E%2E%2F", "a%2fb", "..%2f..", "a" * 5000, "%00", "%zz", "a%20b"]
)
@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("DELETE", ""), ("POST", "/invoke")])
def test_such_a_name_in_a_path_gets_an_error_in_the_same_shape(endpoint, method, name, end):
    answer = endpoint.ask(method, f"/models/{name}{end}", b"x" if method == "POST" else None)
    if answer.status == 200:  # /models itself, by another spelling
        assert method == "GET" and answer.json == {"models": []}
    else:
        assert 400 <= answer.status < 500 and answer.error


def test_a_model_that_cannot_be_loaded_is_a_500_and_the_others_go_on(endpoint, nothing_loaded, picture):
    assert load(endpoint, "dogs").status == 200
    for _ in range(2):  # its name is free again
        began = time.monotonic()
        failed = load(endpoint, "torn")
        assert failed.status == 500 and time.monotonic() - began < 20
    assert failed.status == 500 and "could not be loaded" in failed.error and "cannot be read" in endpoint.log
    assert [one["modelName"] for one in endpoint.ask("GET", "/models").json["models"]] == ["dogs"]
    assert endpoint.invoke(picture, path="/models/dogs/invoke").status == 200 and endpoint.ping() == 200


def test_a_model_for_which_there_is_no_memory_is_a_507(serve, models):
    mounts = [Mount("/opt/ml/models", str(models), type="bind", read_only=True)]
    with serve(environment=ENVIRONMENT, mounts=mounts, mem_limit="900m", memswap_limit="900m") as served:
        statuses = []
        for number in range(6):
            statuses.append(load(served, f"dogs-{number}", "dogs").status)
            if statuses[-1] == 507:
                break
        assert statuses[-1] == 507 and set(statuses[:-1]) <= {200}
        assert served.ping() == 200
        if len(statuses) > 1:
            assert served.ask("DELETE", "/models/dogs-0").status == 200
            wait_for(lambda: load(served, "other", "dogs").status == 200, 30)


def test_a_workers_death_is_its_models_affair(endpoint, nothing_loaded, picture):
    assert load(endpoint, "dogs").status == 200 and load(endpoint, "own").status == 200
    before = endpoint.workers()
    endpoint.python(f"import os; os.kill({before[0]}, 9)")
    assert endpoint.invoke(b"", "x/y", path="/models/own/invoke").status == 200
    wait_for(lambda: endpoint.invoke(picture, path="/models/dogs/invoke").status == 200, 60)
    assert endpoint.ping() == 200


@pytest.mark.parametrize(
    "headers", [{"X-Long": "x" * 70_000}, {f"X-{number}": "x" * 12_000 for number in range(7)}], ids=["one", "together"]
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/models"), ("POST", "/models"), ("DELETE", "/models/dogs")])
def test_control_headers_above_64_kib_are_refused_as_too_long(endpoint, method, path, headers):
    answer = endpoint.ask(method, path, b"{}" if method == "POST" else None, headers)
    assert answer.status == 431 and answer.error == "The request line or the headers are too long."


def test_long_headers_do_not_end_what_the_container_asks_of_its_metrics(endpoint):
    """They reach PID 1: nginx lets 128 KiB through there."""
    program = (
        "import urllib.request as u; print(u.urlopen(u.Request('http://127.0.0.1:8083/metrics', "
        "headers={f'X-{n}': 'x' * 12_000 for n in range(7)})).status)"
    )
    assert endpoint.python(program).strip() == "200"
    assert "Traceback" not in endpoint.log
