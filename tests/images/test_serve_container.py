"""The serve image under the inference contract, through sagemaker-inference on multi-model-server."""

import base64
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.images.conftest import ModelError
from tests.local_service import until


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


def test_a_model_without_a_network_answers_as_the_scripts_ask_for_it(local, serve_image, model, picture):
    api, name = local.client("sagemaker"), "isolated"
    container, variant = (
        {"Image": serve_image, "ModelDataUrl": model},
        {"VariantName": "v", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.g4dn.xlarge"},
    )
    api.create_model(
        ModelName=name, ExecutionRoleArn=local.address.role, PrimaryContainer=container, EnableNetworkIsolation=True
    )
    api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        described = until(
            lambda: (found := api.describe_endpoint(EndpointName=name))["EndpointStatus"] != "Creating" and found, 120
        )
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        answer = local.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, Body=picture, ContentType="image/jpeg"
        )
        assert json.loads(answer["Body"].read())["predictions"]
    finally:
        api.delete_endpoint(EndpointName=name)
        until(lambda: name not in [one["EndpointName"] for one in api.list_endpoints()["Endpoints"]])


def test_a_png_is_named(endpoint):
    buffer = io.BytesIO()
    Image.new("RGBA", (300, 200), (90, 60, 30, 128)).save(buffer, "PNG")
    assert json.loads(endpoint.invoke(buffer.getvalue(), "image/png"))["predictions"]


def test_what_is_wrong_with_a_request_is_a_4xx_without_a_traceback(endpoint, picture):
    assert status_of(lambda: endpoint.invoke(b"no picture", "image/jpeg")) == 400
    assert status_of(lambda: endpoint.invoke(picture[:500], "image/jpeg")) == 400
    assert status_of(lambda: endpoint.invoke(b"1,2", "text/csv")) == 415
    assert status_of(lambda: endpoint.invoke(b"\x93NUMPY", "application/x-npy")) == 415


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


def test_the_model_is_read_only(endpoint):
    assert endpoint.container.exec_run(["touch", "/opt/ml/model/x"]).exit_code != 0


def test_a_container_without_a_usable_model_never_comes_into_service(serving, local, tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "notes.txt", "notes.txt")
    with pytest.raises(AssertionError, match="status 1"), serving((tmp_path / "model.tar.gz").as_uri()):
        pytest.fail("it came into service")


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


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord", None])
def test_batch_transform_answers_json_lines_record_by_record(local, serve_image, model, picture, strategy):
    """strategy None: the image's own /execution-parameters decide."""
    api, name = local.client("sagemaker"), f"lines-{strategy or 'open'}".lower()
    record = json.dumps({"image": base64.b64encode(picture).decode()}) + "\n"
    local.put(f"{name}/in/pictures.jsonl", record.encode() * 100)  # more than a client may send in one request
    api.create_model(
        ModelName=name,
        ExecutionRoleArn=local.address.role,
        PrimaryContainer={"Image": serve_image, "ModelDataUrl": model},
    )
    api.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        **({"BatchStrategy": strategy} if strategy else {}),
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": local.uri(f"{name}/in/")}},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": local.uri(f"{name}/out"),
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
    )
    ended = until(
        lambda: (
            (job := api.describe_transform_job(TransformJobName=name))["TransformJobStatus"] != "InProgress" and job
        ),
        120,
    )
    assert ended["TransformJobStatus"] == "Completed", ended.get("FailureReason")
    lines = local.read(f"{name}/out/pictures.jsonl.out").decode().splitlines()
    assert len([line for line in lines if line]) == 100
    assert len({line for line in lines if line}) == 1 and len(json.loads(lines[0])["predictions"]) == 3
