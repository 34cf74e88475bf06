"""The SageMaker Python SDK 3, as its makers ship it, against the local SageMaker."""

import base64
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from local_test.demo.sample_data import SampleSize, draw_sample_data
from tests.local_service import until
from tests.service.program_image import archive, program_image
from tests.service.sdk.in_shell import ROOT, in_shell

PYTHON = ROOT / ".venv-sdk3/bin/python"
HERE = Path(__file__).parent


def run(local, script: str, *arguments) -> dict:
    """What a script of this folder says of what it did."""
    printed = in_shell(local, PYTHON, HERE / script, *arguments)
    return json.loads(printed.rpartition("RESULT ")[2])


@pytest.fixture(scope="session")
def echo_image(engine, serve_image):
    """An image whose `serve` sends every body back."""
    with program_image(engine, serve_image, HERE.parents[1] / "serving/serve.py") as tag:
        yield tag


def test_a_model_is_trained_deployed_and_asked_without_a_role(local, train_image, serve_image, tmp_path):
    draw_sample_data(tmp_path / "data", SampleSize(breeds=3, train=8, valid=2, test=2))
    result = run(local, "model_trainer.py", train_image, serve_image, tmp_path / "data")
    job = local.client("sagemaker").describe_training_job(TrainingJobName=result["job"])
    assert job["TrainingJobStatus"] == "Completed" and job["RoleArn"] == local.address.role
    assert [one["MetricName"] for one in job["FinalMetricDataList"]] == ["valid_loss"]
    assert len(result["answer"]["predictions"]) == 3
    until(lambda: local.client("sagemaker").list_endpoints(NameContains="sdk3-endpoint")["Endpoints"] == [])


def test_programs_of_ones_own_run_as_script_as_command_and_on_two_instances(local, train_image, tmp_path):
    (tmp_path / "greeting-1.0-py3-none-any.whl").write_bytes(wheel("greeting", "WORD = 'installed'"))
    (tmp_path / "requirements.txt").write_text("./greeting-1.0-py3-none-any.whl\n")
    (tmp_path / "train.py").write_text(
        "import importlib.util, json, os, sys\n"
        "installed = importlib.util.find_spec('greeting') is not None\n"
        "rank = os.environ.get('RANK', '0')\n"
        "seen = [installed, os.environ.get('WORLD_SIZE', '1'), *sys.argv[1:]]\n"
        "json.dump(seen, open(f'/opt/ml/model/{rank}.json', 'w'))\n"
    )
    models = run(local, "source_code.py", train_image, tmp_path)
    given = ["--rate", "0.5", "--name", "a b"]
    assert seen(local, models["script"]) == {"0.json": [True, "1", *given]}
    assert seen(local, models["command"]) == {"0.json": [False, "1", "--by", "command"]}
    assert seen(local, models["torchrun"]) == {f"{rank}.json": [False, "2", *given] for rank in (0, 1)}


def test_a_tuner_finds_the_best_trial_of_a_program_of_ones_own(local, train_image, tmp_path):
    (tmp_path / "train.py").write_text(
        "import argparse\n"
        "parser = argparse.ArgumentParser()\n"
        "for name in ('--lr', '--depth', '--epochs'):\n"
        "    parser.add_argument(name, type=float)\n"
        "print(f'valid_accuracy={1 - parser.parse_known_args()[0].lr}')\n"
    )
    result = run(local, "tuner.py", train_image, tmp_path)
    job = local.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=result["tuning_job"]
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 2 and result["status"] == "Completed"
    assert result["best"] == job["BestTrainingJob"]["TrainingJobName"]


def test_every_kind_of_inference_answers(local, echo_image):
    local.put("sdk3/model.tar.gz", archive({"weights": b"w"}, "w:gz"))
    local.put("sdk3/in/a.txt", b"hello")
    result = run(local, "model_builder.py", echo_image, *map(local.uri, ("sdk3/model.tar.gz", "sdk3/in", "sdk3/out")))
    asynchronous = result.pop("sdk3-async")
    assert result == {"sdk3-real-time": "hello", "sdk3-serverless": "hello"}
    key = asynchronous.removeprefix(local.uri(""))
    until(lambda: key in local.keys("sdk3/out/async/"))
    assert local.read(key) == local.read("sdk3/out/transformed/a.txt.out") == b"hello"
    [captured] = until(lambda: local.keys("sdk3/out/captured/"))
    given = json.loads(local.read(captured).splitlines()[0])["captureData"]["endpointInput"]
    assert base64.b64decode(given["data"]) == b"hello"
    for endpoint in ("sdk3-real-time", "sdk3-serverless", "sdk3-async"):
        local.client("sagemaker").delete_endpoint(EndpointName=endpoint)
    until(lambda: local.client("sagemaker").list_endpoints(NameContains="sdk3-")["Endpoints"] == [])


def test_resources_are_created_listed_waited_for_and_deleted(local, trial_image, echo_image):
    code = local.put("sdk3/code/run.py", b"print('a line of the job')\n").removesuffix("run.py")
    model = local.put("sdk3/model.tar.gz", archive({"weights": b"w"}, "w:gz"))
    result = run(local, "resources.py", trial_image, echo_image, code, model)
    assert result == {"listed": ["sdk3-resource"], "status": "Completed", "who": "core", "endpoints": []}


DOUBLES = """
import torch

class Double(torch.nn.Module):
    def forward(self, given):
        return given * 2

def model_fn(folder):
    return Double()
"""


def test_functions_of_ones_own_are_packed_into_the_model_and_answer(local, serve_image, tmp_path):
    (tmp_path / "inference.py").write_text(DOUBLES)
    model = local.put("sdk3/own/model.tar.gz", archive({"weights": b"w"}, "w:gz"))
    assert run(local, "inference_code.py", serve_image, model, tmp_path) == [[2.0, 4.0]]


def test_what_is_not_here_is_refused_by_name(local):
    assert [message.partition(".")[0] for message in run(local, "refused.py")] == [
        "The local SageMaker does not have CreateExperiment, which belongs to experiments and lineage",
        "The local SageMaker does not have CreateModelPackageGroup, which belongs to the model registry",
    ]


def wheel(name: str, source: str) -> bytes:
    """An installable package of one module."""
    packed = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return packed.getvalue()


def seen(local, model: str) -> dict[str, list]:
    """The JSON files in a model, by name."""
    with tarfile.open(fileobj=io.BytesIO(local.read(model.removeprefix(local.uri(""))))) as packed:
        return {name: json.load(packed.extractfile(name)) for name in packed.getnames() if name.endswith(".json")}
