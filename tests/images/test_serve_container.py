"""The serve image under the inference contract, through sagemaker-inference on multi-model-server."""

import io
import json
import tarfile
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import pytest
from PIL import Image

from tests.images.conftest import ModelError


@pytest.fixture(scope="module")
def endpoint(serving, model):
    with serving(model, {"TOP_K": "2"}) as running:
        yield running


@pytest.fixture(scope="module")
def picture(sample):
    return next((sample / "test").rglob("*.jpg")).read_bytes()


def status_of(call):
    with pytest.raises(ModelError) as error:
        call()
    assert_clean(error.value.status, error.value.body)
    return error.value.status


def assert_clean(status, body):
    assert json.loads(body)["error"]["status"] == status and "Traceback" not in body


def test_a_picture_is_named(endpoint, picture, sample):
    answer = json.loads(endpoint.invoke(picture, "image/jpeg"))
    assert len(answer["predictions"]) == 2
    breeds = {folder.name.split(".", 1)[1] for folder in (sample / "train").iterdir()}
    assert {one["label"] for one in answer["predictions"]} <= breeds


def test_a_png_is_named(endpoint):
    buffer = io.BytesIO()
    Image.new("RGBA", (300, 200), (90, 60, 30, 128)).save(buffer, "PNG")
    assert json.loads(endpoint.invoke(buffer.getvalue(), "image/png"))["predictions"]


def test_what_is_wrong_with_a_request_is_a_4xx_without_a_traceback(endpoint, picture):
    assert status_of(lambda: endpoint.invoke(b"no picture", "image/jpeg")) == 400
    assert status_of(lambda: endpoint.invoke(picture[:500], "image/jpeg")) == 400
    assert status_of(lambda: endpoint.invoke(b"1,2", "text/csv")) == 415
    assert status_of(lambda: endpoint.invoke(b"\x93NUMPY", "application/x-npy")) == 415


def test_the_platforms_payload_limit_is_the_images_own(endpoint):
    assert direct_status(endpoint, bytes(20 * 1024 * 1024)) == 400  # read, and no picture
    assert direct_status(endpoint, bytes(26 * 1024 * 1024)) in (413, "closed while the body was sent")


def direct_status(endpoint, body):
    try:
        endpoint.post(body, "image/jpeg")
        return 200
    except urllib.error.HTTPError as error:
        with error:
            assert_clean(error.code, error.read().decode())
            return error.code
    except urllib.error.URLError as error:
        assert isinstance(error.reason, (BrokenPipeError, ConnectionResetError))
        return "closed while the body was sent"


def test_concurrent_requests_are_each_answered(endpoint, picture):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: outcome(endpoint, body), [picture, b"bad"] * 20))
    assert answers == [200, 400] * 20


def outcome(endpoint, body):
    try:
        endpoint.invoke(body, "image/jpeg")
        return 200
    except ModelError as error:
        return error.status


def test_only_the_two_paths_of_the_contract_are_served(endpoint):
    for path in ("/models", "/models/model", "/predictions/model", "/"):
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(endpoint.url + path)
        assert error.value.code == 404
        error.value.close()


def listening(container) -> set[tuple[bool, int]]:
    """(reachable from outside, port) of every listening TCP socket in the container."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in container.exec_run(["cat", f"/proc/net/{table}"]).output.decode().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A":
                host, port = address.split(":")
                loopback = host in ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
                found.add((not loopback, int(port, 16)))
    return found


def test_the_management_api_is_not_reachable_from_outside(endpoint):
    sockets = listening(endpoint.container)
    assert {port for outside, port in sockets if outside} == {8080}
    assert {port for outside, port in sockets if not outside} >= {8081, 8082}


def test_another_port_is_bound_when_the_platform_says_so(serving, model):
    environment = {"SAGEMAKER_BIND_TO_PORT": "14321", "SAGEMAKER_SAFE_PORT_RANGE": "14000-14999"}
    with serving(model, environment) as running:
        sockets = listening(running.container)
        assert {port for outside, port in sockets if outside} == {14321}
        assert {port for outside, port in sockets if not outside} >= {14000, 14001}


def test_the_model_is_read_only(endpoint):
    assert endpoint.container.exec_run(["touch", "/opt/ml/model/x"]).exit_code != 0


def test_a_container_without_a_usable_model_never_comes_into_service(serving, local, tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "notes.txt", "notes.txt")
    with pytest.raises(AssertionError, match="status 1"):
        with serving((tmp_path / "model.tar.gz").as_uri()):
            pytest.fail("it came into service")


def test_sigterm_ends_it_well_inside_the_platforms_30_seconds(serving, model):
    with serving(model) as running:
        statuses = []
        ended = Thread(target=lambda: statuses.append(running.container.wait(timeout=30)["StatusCode"]))
        ended.start()
        running.container.kill("SIGTERM")
        ended.join()
        assert statuses == [0]


def test_a_users_own_function_replaces_ours(serving, local, model, picture, tmp_path):
    """/opt/ml/model/code/inference.py with one of the four functions; the other three stay."""
    with tarfile.open(fileobj=io.BytesIO(local.read(model.split("/", 3)[3]))) as archive:
        archive.extractall(tmp_path / "model")
    (tmp_path / "model/code").mkdir()
    (tmp_path / "model/code/inference.py").write_text(
        "def output_fn(prediction, accept):\n    return prediction[0]['label'].upper(), 'text/plain'\n"
    )
    with tarfile.open(tmp_path / "own.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "model", ".")
    with serving((tmp_path / "own.tar.gz").as_uri()) as running:
        answer = running.invoke(picture, "image/jpeg").decode()
    assert answer.isupper() and answer.replace("_", "").isalpha()


@pytest.mark.parametrize("server", ["nginx", "java"])
def test_a_dead_server_ends_the_container(serving, model, server):
    program = f"import psutil; [p.kill() for p in psutil.process_iter() if p.name() == '{server}']"
    with serving(model) as running:
        ended = Thread(target=lambda: statuses.append(running.container.wait(timeout=30)["StatusCode"]))
        statuses = []
        ended.start()
        assert running.container.exec_run(["python", "-c", program]).exit_code == 0
        ended.join()
        assert statuses == [1]
