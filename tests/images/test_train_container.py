"""The train image under the training contract, through sagemaker-training."""

import base64
import os
import tarfile
import threading

import pytest

from local_test.archives import read_member
from local_test.labels import TRAINING, find, labels


def test_a_job_completes_and_leaves_a_model_and_figures_of_the_users_own(run_job):
    result, lines = run_job(sagemaker_container_log_level="20")
    assert (result.status, result.failure_reason) == ("Completed", None), "\n".join(lines)
    with tarfile.open(result.model) as archive:
        assert archive.getnames() == ["model.safetensors"]
    assert b'"top1"' in read_member(result.output, "evaluation.json")
    assert {path.stat().st_uid for path in (result.model, result.output, result.model.parent)} == {os.getuid()}
    assert any("sagemaker-training-toolkit" in line and "Reporting training SUCCESS" in line for line in lines)
    assert any(line.startswith("epoch=1 ") and "valid_accuracy=" in line for line in lines)


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"lr": "11"}, "Hyperparameter lr: must be above 0 and at most 10, not 11."),
        ({"learning-rate": "0.1"}, "Hyperparameter learning-rate is unknown."),
        ({"batch-size": '"none"'}, "Hyperparameter batch-size: must be a whole number, not 'none'."),
        ({"arch": "resnet35"}, "Hyperparameter arch must be a torchvision classifier such as resnet34, not 'resnet35'."),
        ({"pretrained": "auto"}, "The pretrained weights of shufflenet_v2_x0_5 could not be downloaded"),
    ],
)
def test_the_users_mistake_is_the_failure_reason(run_job, hyperparameters, reason):
    result, lines = run_job(changes={"Environment": {"HTTPS_PROXY": "http://127.0.0.1:9"}}, **hyperparameters)
    assert result.status == "Failed" and result.model is None
    assert reason in result.failure_reason and result.failure_reason.endswith("exit code: 1"), "\n".join(lines)


def test_quoted_hyperparameters_arrive(run_job):
    result, lines = run_job(**{"batch-size": '"4"', "epochs": '"2"'})
    assert result.status == "Completed" and any(line.startswith("epoch=2 ") for line in lines)


def test_weights_in_the_pretrained_channel_are_loaded(client, train_image, run_job, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    program = (
        "import base64, io, torch, torchvision; file = io.BytesIO(); "
        "torch.save(torchvision.models.shufflenet_v2_x0_5().state_dict(), file); print(base64.b64encode(file.getvalue()).decode())"
    )
    printed = client.containers.run(train_image, ["-c", program], entrypoint="python", remove=True, network_mode="none", labels=labels("tests", "weights"))
    (folder / "shufflenet.pth").write_bytes(base64.b64decode(printed))
    result, lines = run_job(channels={"pretrained": folder}, pretrained="auto")
    assert result.status == "Completed", "\n".join(lines)
    assert "pretrained weights: shufflenet.pth from channel pretrained" in lines


def test_a_stopped_job_finishes_its_step_and_keeps_its_model(run_job, client):
    """SIGTERM goes through PID 1 past the toolkit to the training program."""
    def stop_when_training():
        while not stopped.is_set():
            for container in find(client, TRAINING, running_only=True):
                if b"epoch=1 " in container.logs():
                    container.stop(timeout=120)
                    return
            stopped.wait(0.1)

    stopped = threading.Event()
    thread = threading.Thread(target=stop_when_training)
    thread.start()
    try:
        result, lines = run_job(epochs="10000")
    finally:
        stopped.set()
        thread.join()
    assert result.status == "Completed" and result.model is not None
    assert any(line.startswith("stopped on request") for line in lines)


def test_a_job_over_its_time_is_stopped_and_keeps_its_model(run_job):
    result, lines = run_job(changes={"StoppingCondition": {"MaxRuntimeInSeconds": 25}}, epochs="10000")
    assert result.status == "Stopped" and result.failure_reason is None
    assert result.model is not None, "\n".join(lines)
