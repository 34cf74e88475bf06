"""Jobs of several instances: one model, one stream of metrics, and an end when one of them is lost."""

import io
import re
import tarfile

import pytest

from local_test.host.labels import NAME, find
from tests.local_service import until

ON_THE_CPU = {"Environment": {"CUDA_VISIBLE_DEVICES": ""}}
TWO = {"ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 10}, **ON_THE_CPU}
# The head alone, in the ordinary loop: what it sees does not depend on how a batch is divided.
HEAD = {
    "arch": "resnet18",
    "freeze-backbone": "true",
    "feature-views": "0",
    "dropout": "0",
    "epochs": "4",
    "lr": "0.01",
    "mixed-precision": "false",
}
LOSSES = re.compile(r"^epoch=(\d+) train_loss=([\d.]+) valid_loss=([\d.]+)", re.MULTILINE)


def losses(job) -> list[tuple[float, ...]]:
    return [tuple(map(float, found)) for found in LOSSES.findall(job.log)]


def test_two_hosts_learn_what_one_does_with_the_same_batch_size(jobs, local):
    """To 1e-3, and each epoch is said once."""
    alone, together = jobs.run(changes=ON_THE_CPU, **HEAD), jobs.run(changes=TWO, **HEAD)
    assert (alone.status, together.status) == ("Completed", "Completed"), together.log
    assert losses(alone)[0][1] - losses(alone)[-1][1] > 0.1  # it learns
    assert len(losses(together)) == 4 and losses(together) == [pytest.approx(one, abs=1e-3) for one in losses(alone)]
    assert (
        "process 1 of 2" in together.log
        and "process 2 of 2" in together.log
        and together.log.count("test_accuracy=") == 1
    )
    output = f"jobs/{together.description['TrainingJobName']}/output"
    with tarfile.open(fileobj=io.BytesIO(local.read(f"{output}/model.tar.gz"))) as archive:
        assert archive.getnames() == ["model.safetensors"]


def test_two_hosts_train_a_whole_network_and_stop_together(jobs, local):
    name = jobs.start(changes=TWO, epochs="10000")
    until(lambda: "epoch=2 " in jobs.log(name), 120)
    jobs.stop(name)
    job = jobs.ended(name)
    assert job.status == "Stopped" and sum(line.startswith("stopped on request") for line in job.lines) == 2, job.log
    assert f"jobs/{name}/output/model.tar.gz" in local.keys(f"jobs/{name}/")


def test_a_host_that_is_lost_ends_the_job(jobs, engine, local):
    name = jobs.start(changes=TWO, epochs="10000")
    until(lambda: "epoch=1 " in jobs.log(name), 120)
    containers = [one for one in find(engine, service=local.address.name) if one.labels[NAME] == name]
    [second] = [one for one in containers if one.attrs["Config"]["Hostname"] == "algo-2"]
    second.kill()
    job = jobs.ended(name)
    assert job.status == "Failed" and job.description["FailureReason"] == "AlgorithmError: , exit code: 137", job.log


def test_hosts_with_different_pictures_are_told_what_to_change(jobs, sample):
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": (sample / "train").as_uri(),
        "S3DataDistributionType": "ShardedByS3Key",
    }
    inputs = [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}] + [
        {
            "ChannelName": split,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": (sample / split).as_uri()}},
        }
        for split in ("valid", "test")
    ]
    job = jobs.run(changes={**TWO, "InputDataConfig": inputs})
    assert (
        job.status == "Failed" and "The hosts of this job have different pictures." in job.description["FailureReason"]
    ), job.log


@pytest.mark.parametrize(
    ("hyperparameters", "reason"),
    [
        ({"batch-size": "7"}, "batch-size 7 is no multiple of 2"),
        ({"freeze-backbone": "true"}, "Features of a frozen backbone are made and used by one instance."),
    ],
)
def test_what_several_hosts_cannot_do_is_said(jobs, hyperparameters, reason):
    job = jobs.run(changes=TWO, **hyperparameters)
    assert job.status == "Failed" and reason in job.description["FailureReason"], job.log
