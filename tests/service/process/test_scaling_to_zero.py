"""`deploy`, `predict` and `delete` with autoscaling.min-instances 0, run as make does on the local SageMaker."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_test.environment import variables
from local_test.host.identity import access_key_of
from local_test.host.labels import COMPONENT, find
from scripts import deploy
from tests.local_service import until
from tests.service.program_image import archive, program_image

PREFIX = "to-zero"
PREDICTIONS = {"predictions": [{"label": "Beagle", "probability": 0.9}]}


@pytest.fixture
def environment(local, monkeypatch):
    """Of the programs: the local SageMaker's, and settings that scale to zero."""
    wanted = variables(local.address, access_key_of(local.folder), local.folder, os.environ)
    more = {"AUTOSCALING_MAX_INSTANCES": "2", "AUTOSCALING_MIN_INSTANCES": "0"}
    for name, value in {**wanted, "IMAGE_PREFIX": PREFIX, **{f"SAGEMAKER_{k}": v for k, v in more.items()}}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@pytest.fixture
def image(engine, serve_image):
    with program_image(engine, serve_image, Path(__file__).parents[1] / "serving/serve.py") as tag:
        yield tag


def run(program: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", f"scripts.{program}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_endpoint_at_zero_is_woken_by_predict_and_removed_by_delete(
    local, engine, environment, image, tmp_path, monkeypatch, capsys
):
    # That images come out of ECR is tested with push; here the engine's own is asked for.
    monkeypatch.setattr(deploy, "serving_image_uri", lambda aws, types: image)
    model = local.put(f"{PREFIX}/model.tar.gz", archive({"weights": b"w"}, "w:gz"))
    sagemaker, picture = local.client("sagemaker"), tmp_path / "a.jpg"
    picture.write_text(json.dumps({"do": "status", "status": 200, "body": json.dumps(PREDICTIONS)}))

    def copies() -> list:
        return find(engine, COMPONENT, local.address.name)

    assert deploy.main(["--model-data", model]) == 0, capsys.readouterr()
    assert len(copies()) == 1
    assert "the copies stay as many as they are" in local.log(
        f"/aws/sagemaker/InferenceComponents/{PREFIX}", "platform"
    )
    assert deploy.main(["--model-data", model]) == 0, capsys.readouterr()
    assert len(copies()) == 1
    output, errors = run("predict", str(picture)).communicate()
    assert "Beagle" in output, errors

    def scale(count: int) -> None:
        sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=PREFIX, DesiredRuntimeConfig={"CopyCount": count}
        )
        describe = sagemaker.describe_inference_component
        until(lambda: describe(InferenceComponentName=PREFIX)["InferenceComponentStatus"] == "InService")

    scale(0)
    assert copies() == []
    shown, _ = run("status").communicate()
    assert "InService, 0 copies" in shown and "InService, 0 instances" in shown
    waking = run("predict", str(picture))
    assert any("to-zero is at zero instances and is being woken" in line for line in waking.stderr)
    scale(1)  # what autoscaling does on AWS
    output, errors = waking.communicate(timeout=60)
    assert waking.returncode == 0 and "Beagle" in output, errors

    removal = run("delete", "--yes")
    output, errors = removal.communicate()
    assert removal.returncode == 0, errors
    assert copies() == [] and f"nothing of {PREFIX} runs" in output
    assert sagemaker.list_inference_components()["InferenceComponents"] == []
    scaling = local.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    assert scaling["ScalableTargets"] == []
