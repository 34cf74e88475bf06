"""The train image under the training contract, through sagemaker-training."""

import base64
import io
import tarfile

import pytest

from local_test.host.labels import labels
from tests.local_service import until


def test_a_job_completes_and_leaves_a_model_and_figures(jobs, local):
    job = jobs.run(sagemaker_container_log_level="20")
    assert (job.status, job.description.get("FailureReason")) == ("Completed", None), job.log
    output = f"jobs/{job.description['TrainingJobName']}/output"
    with tarfile.open(fileobj=io.BytesIO(local.read(f"{output}/model.tar.gz"))) as archive:
        assert archive.getnames() == ["model.safetensors"]
    with tarfile.open(fileobj=io.BytesIO(local.read(f"{output}/output.tar.gz"))) as archive:
        assert b'"top1"' in archive.extractfile("evaluation.json").read()
    assert "sagemaker-training-toolkit" in job.log and "Reporting training SUCCESS" in job.log
    assert any(line.startswith("epoch=1 ") and "valid_accuracy=" in line for line in job.lines)


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"lr": "11"}, "Hyperparameter lr: must be above 0 and at most 10, not 11."),
        ({"learning-rate": "0.1"}, "Hyperparameter learning-rate is unknown."),
        ({"batch-size": '"none"'}, "Hyperparameter batch-size: must be a whole number, not 'none'."),
        (
            {"arch": "resnet35"},
            "Hyperparameter arch must be a torchvision classifier such as resnet34, or one of timm's such as "
            "timm/tf_efficientnet_lite0, not 'resnet35'.",
        ),
        ({"arch": "timm/resnet35"}, "has no model 'resnet35'. Did you mean timm/resnet"),
        (
            {"pretrained": "auto"},
            "take arch=timm/tf_efficientnet_lite0, whose ImageNet weights are in the train image;",
        ),
    ],
)
def test_the_users_mistake_is_the_failure_reason(jobs, local, hyperparameters, reason):
    job = jobs.run(changes={"Environment": {"HTTPS_PROXY": "http://127.0.0.1:9"}}, **hyperparameters)
    assert job.status == "Failed" and local.keys(f"jobs/{job.description['TrainingJobName']}/output/model") == []
    why = job.description["FailureReason"]
    assert reason in why and why.endswith("exit code: 1"), job.log


def test_a_job_without_a_network_completes_as_the_scripts_ask_for_it(jobs):
    job = jobs.run(changes={"EnableNetworkIsolation": True})
    assert job.status == "Completed", job.log


def test_quoted_hyperparameters_arrive(jobs):
    job = jobs.run(**{"batch-size": '"4"', "epochs": '"2"'})
    assert job.status == "Completed" and any(line.startswith("epoch=2 ") for line in job.lines)


def test_weights_in_the_pretrained_channel_are_loaded(engine, train_image, jobs, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    program = (
        "import base64, io, torch, torchvision; file = io.BytesIO(); "
        "torch.save(torchvision.models.shufflenet_v2_x0_5().state_dict(), file); "
        "print(base64.b64encode(file.getvalue()).decode())"
    )
    printed = engine.containers.run(
        train_image,
        ["-c", program],
        entrypoint="python",
        remove=True,
        network_mode="none",
        labels=labels("tests", "weights"),
    )
    (folder / "shufflenet.pth").write_bytes(base64.b64decode(printed))
    job = jobs.run(channels={"pretrained": folder}, pretrained="auto")
    assert job.status == "Completed", job.log
    assert "pretrained weights: shufflenet.pth from channel pretrained" in job.lines


def test_a_stopped_job_finishes_its_step_and_keeps_its_model(jobs, local):
    """SIGTERM goes through PID 1 past the toolkit to the training program."""
    name = jobs.start(epochs="10000")
    until(lambda: "epoch=1 " in jobs.log(name), 120)
    jobs.stop(name)
    job = jobs.ended(name)
    assert job.status == "Stopped" and any(line.startswith("stopped on request") for line in job.lines)
    assert f"jobs/{name}/output/model.tar.gz" in local.keys(f"jobs/{name}/")


def test_a_job_over_its_time_is_stopped_and_keeps_its_model(jobs, local):
    job = jobs.run(changes={"StoppingCondition": {"MaxRuntimeInSeconds": 25}}, epochs="10000")
    assert (job.status, job.description["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    name = job.description["TrainingJobName"]
    assert f"jobs/{name}/output/model.tar.gz" in local.keys(f"jobs/{name}/"), job.log
