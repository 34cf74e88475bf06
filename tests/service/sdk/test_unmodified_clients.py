"""The SageMaker Python SDK and the AWS CLI, as their makers ship them, against the local SageMaker."""

import io
import json
import tarfile
import uuid

import pytest

from local_test.demo.sample_data import SampleSize, draw_sample_data
from tests.local_service import until
from tests.service.program_image import archive
from tests.service.sdk.in_shell import ROOT, in_shell

SDK = ROOT / ".venv-sdk/bin"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures") / "sample"
    draw_sample_data(folder, SampleSize(breeds=3, train=8, valid=2, test=2))
    return folder


def test_an_estimator_fits_deploys_and_predicts(local, train_image, serve_image, data):
    printed = in_shell(local, SDK / "python", ROOT / "tests/service/sdk/estimator.py", train_image, serve_image, data)
    result = json.loads(printed.rpartition("RESULT ")[2])
    job = local.client("sagemaker").describe_training_job(TrainingJobName=result["job"])
    assert job["TrainingJobStatus"] == "Completed" and job["ModelArtifacts"]["S3ModelArtifacts"] == result["model"]
    assert [one["MetricName"] for one in job["FinalMetricDataList"]] == ["valid_loss"]
    assert len(result["answer"]["predictions"]) == 3
    until(lambda: local.client("sagemaker").list_endpoints()["Endpoints"] == [])


@pytest.fixture
def plain_image(engine, train_image):
    """sagemaker-training as it comes: its own `train`, and no program of ours in the image."""
    tag = f"local-sagemaker-test-plain:{uuid.uuid4().hex[:12]}"
    dockerfile = f"FROM {train_image}\nRUN rm -r /opt/program\nENTRYPOINT []\n"
    engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True)
    yield tag
    engine.images.remove(tag)


@pytest.mark.parametrize("image", ["train_image", "plain_image"])
def test_a_script_of_ones_own_runs_with_entry_point_and_source_dir(local, image, tmp_path, request):
    (tmp_path / "train.py").write_text(
        "import helper, json, sys\njson.dump([helper.X, *sys.argv[1:]], open('/opt/ml/model/seen.json', 'w'))\n"
    )
    (tmp_path / "helper.py").write_text("X = 'helped'\n")
    printed = in_shell(
        local, SDK / "python", ROOT / "tests/service/sdk/own_script.py", request.getfixturevalue(image), tmp_path
    )
    models = json.loads(printed.rpartition("RESULT ")[2])
    for uri in models.values():
        with tarfile.open(fileobj=io.BytesIO(local.read(uri.removeprefix(local.uri(""))))) as model:
            assert json.load(model.extractfile("seen.json")) == ["helped", "--name", "a b", "--rate", "0.5"]
    assert sorted(models) == ["Estimator", "PyTorch"]


def test_the_command_line_interface_reads_and_writes(local, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    in_shell(local, SDK / "aws", "s3", "cp", tmp_path / "a.txt", local.uri("cli/a.txt"))
    assert "a.txt" in in_shell(local, SDK / "aws", "s3", "ls", local.uri("cli/"))
    jobs = json.loads(in_shell(local, SDK / "aws", "sagemaker", "list-training-jobs", "--output", "json"))
    assert {job["TrainingJobStatus"] for job in jobs["TrainingJobSummaries"]} <= {"Completed", "Failed", "Stopped"}


def test_the_command_line_interface_is_refused_with_the_fields_name(local, train_image):
    request = {
        "TrainingJobName": "cli",
        "AlgorithmSpecification": {"TrainingImage": train_image, "TrainingInputMode": "File"},
        "RoleArn": local.address.role,
        "OutputDataConfig": {"S3OutputPath": local.uri("x")},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlargee", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {},
    }
    with pytest.raises(AssertionError, match=r"resourceConfig.instanceType"):
        in_shell(local, SDK / "aws", "sagemaker", "create-training-job", "--cli-input-json", json.dumps(request))


DOUBLES = b"""
import torch

class Double(torch.nn.Module):
    def forward(self, given):
        return given * 2

def model_fn(folder):
    return Double()
"""


def test_a_pytorch_model_with_model_fn_alone_predicts_arrays(local, serve_image):
    """As in SageMaker's own PyTorch containers: the module is called with the body as a tensor, NPY both ways."""
    local.put("own/model.tar.gz", archive({"code/inference.py": DOUBLES}, "w:gz"))
    printed = in_shell(
        local, SDK / "python", ROOT / "tests/service/sdk/pytorch_model.py", serve_image, local.uri("own/model.tar.gz")
    )
    assert json.loads(printed.rpartition("RESULT ")[2]) == {
        "type": "ndarray",
        "dtype": "float32",
        "answer": [[2.0, 4.0, 6.0]],
    }
