"""On which instances a training job runs, and how one looks into it while it does."""

import shlex
import subprocess

import pytest
from botocore.exceptions import ClientError

from tests.local_service import until


def test_of_several_instance_types_the_job_gets_the_first_and_is_told_so(jobs):
    resources = {
        "InstancePreferences": [{"InstanceType": kind} for kind in ("ml.g5.xlarge", "ml.g4dn.xlarge")],
        "InstanceCount": 1,
    }
    job = jobs.run("cat /opt/ml/input/config/resourceconfig.json; echo", ResourceConfig=resources)
    assert job["TrainingJobStatus"] == "Completed"
    described = job["ResourceConfig"]
    assert (described["SelectedInstanceType"], described["SelectedInstanceCount"]) == ("ml.g5.xlarge", 1)
    assert '"current_instance_type": "ml.g5.xlarge"' in jobs.log(job["TrainingJobName"])


def test_the_log_has_the_command_that_opens_a_shell_in_a_job_that_asks_for_one(jobs):
    name = jobs.start("while [ ! -e /tmp/seen ]; do sleep 0.1; done", RemoteDebugConfig={"EnableRemoteDebug": True})
    until(lambda: jobs.job(name)["SecondaryStatus"] == "Training")
    [line] = [line for line in jobs.log(name).splitlines() if "A shell in algo-1" in line]
    command = shlex.split(line.partition("AWS Systems Manager's: ")[2])
    assert command[:3] == ["docker", "exec", "-it"] and command[-1] == "sh"
    subprocess.run(["docker", "exec", command[3], "touch", "/tmp/seen"], check=True)
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"


def test_a_warm_pool_is_taken_and_named_as_without_effect(jobs):
    request = jobs.request("true")
    request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = 60
    jobs.api.create_training_job(**request)
    job = jobs.ended(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed" and job["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 60
    assert "ResourceConfig.KeepAlivePeriodInSeconds" in jobs.log(request["TrainingJobName"])


def test_the_end_of_a_warm_pool_can_be_moved_and_there_is_none_to_wait_for(jobs):
    request = jobs.request("true")
    request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = 60
    name = request["TrainingJobName"]
    jobs.api.create_training_job(**request)
    for seconds in (120, 0, 0):
        jobs.api.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": seconds})
        assert jobs.job(name)["ResourceConfig"]["KeepAlivePeriodInSeconds"] == seconds
    assert jobs.ended(name)["TrainingJobStatus"] == "Completed"
    for status in ("Available", "InUse"):
        assert jobs.api.list_training_jobs(WarmPoolStatusEquals=status)["TrainingJobSummaries"] == []


def test_a_job_without_a_warm_pool_has_none_to_end(jobs):
    name = jobs.start("true")
    jobs.ended(name)
    with pytest.raises(ClientError, match="has no warm pool"):
        jobs.api.update_training_job(TrainingJobName=name, ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    with pytest.raises(ClientError, match="does not support RemoteDebugConfig"):
        jobs.api.update_training_job(TrainingJobName=name, RemoteDebugConfig={"EnableRemoteDebug": True})
