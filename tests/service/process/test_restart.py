"""A service that ends, or is killed, comes back with what it knew; what ran has failed, never completed."""

import os
import signal

import pytest

from local_test.background import stop
from local_test.host.folder_lock import is_held
from local_test.host.labels import filters, find
from tests.local_service import until

FOREVER = "echo ready; while :; do sleep 1; done"


def end_gently(local):
    assert stop(local.folder)


def kill(local):
    os.kill(local.address.pid, signal.SIGKILL)
    until(lambda: not is_held(local.folder))


@pytest.mark.parametrize("end", [end_gently, kill])
def test_jobs_models_objects_logs_and_repositories_come_back(served, training_request, end):
    local = served()
    api = local.client("sagemaker")
    api.create_training_job(
        **training_request(local, "done", "echo loss=0.5; echo m > /opt/ml/model/m", Tags=[{"Key": "a", "Value": "b"}])
    )
    describe = api.describe_training_job
    before = until(lambda: (job := describe(TrainingJobName="done"))["TrainingJobStatus"] == "Completed" and job)
    model = local.uri("jobs/done/output/model.tar.gz")
    container = {
        "Image": training_request(local, "x", "")["AlgorithmSpecification"]["TrainingImage"],
        "ModelDataUrl": model,
    }
    api.create_model(ModelName="m", ExecutionRoleArn=local.address.role, PrimaryContainer=container)
    packed = local.read("jobs/done/output/model.tar.gz")
    end(local)

    again = served()
    assert again.address.url == local.address.url
    after = again.client("sagemaker").describe_training_job(TrainingJobName="done")
    for answer in (before, after):
        del answer["ResponseMetadata"]
    assert after == before
    assert again.client("sagemaker").list_tags(ResourceArn=after["TrainingJobArn"])["Tags"] == [
        {"Key": "a", "Value": "b"}
    ]
    assert again.client("sagemaker").describe_model(ModelName="m")["PrimaryContainer"]["ModelDataUrl"] == model
    assert again.read("jobs/done/output/model.tar.gz") == packed
    assert again.log("/aws/sagemaker/TrainingJobs", "done/") == "loss=0.5"


@pytest.mark.parametrize("end", [end_gently, kill])
def test_a_job_that_ran_has_failed_and_its_container_is_gone(served, training_request, engine, end):
    local = served()
    local.client("sagemaker").create_training_job(**training_request(local, "running", FOREVER))
    until(lambda: "ready" in local.log("/aws/sagemaker/TrainingJobs", "running/"))
    end(local)

    again = served()
    job = again.client("sagemaker").describe_training_job(TrainingJobName="running")
    assert job["TrainingJobStatus"] == job["SecondaryStatusTransitions"][-1]["Status"] == "Failed"
    assert "local SageMaker ended while this job was running" in job["FailureReason"]
    assert find(engine, service=again.address.name) == []
    assert again.keys("jobs/running/") == []


def test_ending_a_service_leaves_no_container_network_or_foreign_file(served, training_request, engine):
    local = served()
    request = training_request(local, "running", FOREVER)
    request["ResourceConfig"]["InstanceCount"] = 2
    local.client("sagemaker").create_training_job(**request)
    until(lambda: len(find(engine, service=local.address.name)) == 2)
    assert stop(local.folder)
    assert find(engine, service=local.address.name) == []
    assert engine.networks.list(filters=filters(service=local.address.name)) == []
    assert [path for path in local.folder.rglob("*") if path.lstat().st_uid != os.getuid()] == []
    assert list((local.folder / "spool").iterdir()) == []
