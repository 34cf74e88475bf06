"""The end of a training job is earned: exit code, failure file and signals decide, and Describe tells."""

import pytest
from botocore.exceptions import ClientError

from local_test import service_address
from local_test.host.labels import NAME, find
from tests.local_service import until
from tests.service.training.conftest import GROUP

PATIENT = (
    "trap 'echo got TERM; echo last > /opt/ml/checkpoints/last; echo m > /opt/ml/model/m; exit 0' TERM; echo "
    "ready; while :; do sleep 0.1 & wait $!; done"
)
COUNTING = """n=$(cat /opt/ml/checkpoints/sub/n 2>/dev/null || echo 0); echo "from $n"; mkdir -p /opt/ml/checkpoints/sub
trap 'exit 0' TERM
while [ $n -lt %d ]; do n=$((n+1)); echo $n > /opt/ml/checkpoints/sub/tmp
  mv /opt/ml/checkpoints/sub/tmp /opt/ml/checkpoints/sub/n; sleep 0.2 & wait $!; done
echo done"""


def statuses(job):
    return [one["Status"] for one in job["SecondaryStatusTransitions"]]


def test_exit_code_zero_completes_the_job_through_every_status(jobs):
    job = jobs.run("true")
    assert job["TrainingJobStatus"] == "Completed" and "FailureReason" not in job
    assert statuses(job) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all("EndTime" in one for one in job["SecondaryStatusTransitions"])


def test_the_failure_file_is_the_reason(jobs):
    job = jobs.run("printf 'Channel train is empty.' > /opt/ml/output/failure; exit 1")
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: Channel train is empty., exit code: 1",
    )
    assert statuses(job)[-1] == "Failed"


def test_without_a_failure_file_the_exit_code_is_the_reason(jobs):
    assert jobs.run("exit 42")["FailureReason"] == "AlgorithmError: , exit code: 42"


def test_a_failed_job_uploads_no_model(jobs, local):
    job = jobs.run("echo m > /opt/ml/model/m; echo o > /opt/ml/output/data/o; exit 1")
    assert local.keys(f"jobs/{job['TrainingJobName']}/") == [f"jobs/{job['TrainingJobName']}/output/output.tar.gz"]


def test_an_entrypoint_that_does_not_exist_is_named(jobs):
    request = jobs.request("true")
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/no/such/program"]
    jobs.api.create_training_job(**request)
    assert "/no/such/program" in jobs.ended(request["TrainingJobName"])["FailureReason"]


def test_stop_gives_the_program_time_to_save_and_keeps_what_it_saved(jobs, local):
    name = jobs.start(PATIENT, CheckpointConfig={"S3Uri": local.uri("stopped")})
    jobs.until_printed(name, "ready")
    jobs.api.stop_training_job(TrainingJobName=name)
    assert jobs.job(name)["TrainingJobStatus"] in ("Stopping", "Stopped")
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], statuses(job)[-2:]) == ("Stopped", ["Stopping", "Stopped"])
    assert "got TERM" in jobs.log(name)
    assert local.keys("stopped/") == ["stopped/last"] and local.keys(f"jobs/{name}/") == [
        f"jobs/{name}/output/model.tar.gz"
    ]


def test_a_job_that_runs_too_long_is_stopped_and_says_why(jobs):
    job = jobs.run(PATIENT, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_checkpoints_are_in_s3_while_the_job_runs(jobs, local):
    name = jobs.start(COUNTING % 10_000, CheckpointConfig={"S3Uri": local.uri("live")})
    until(lambda: "live/sub/n" in local.keys("live/"))
    first = int(local.read("live/sub/n"))
    until(lambda: int(local.read("live/sub/n")) > first)
    jobs.api.stop_training_job(TrainingJobName=name)
    jobs.ended(name)


def test_a_job_goes_on_from_the_checkpoints_of_another(jobs, local):
    local.put("earlier/sub/n", b"41\n")
    job = jobs.run(COUNTING % 42, CheckpointConfig={"S3Uri": local.uri("earlier")})
    assert jobs.log(job["TrainingJobName"]).splitlines() == ["from 41", "done"]
    assert local.read("earlier/sub/n") == b"42\n"


def test_an_interrupted_spot_job_goes_on_from_its_checkpoints(jobs, local):
    name = jobs.start(
        COUNTING % 30,
        CheckpointConfig={"S3Uri": local.uri("spot")},
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
    )
    until(lambda: "spot/sub/n" in local.keys("spot/"))  # the unfinished file may be stored, too
    interrupt(local, name)
    job = jobs.ended(name)
    assert job["TrainingJobStatus"] == "Completed" and "Interrupted" in statuses(job)
    first, second, last = jobs.log(name).splitlines()
    assert first == "from 0" and int(second.removeprefix("from ")) > 0 and last == "done"
    assert local.read("spot/sub/n") == b"30\n"


def test_a_stop_ends_a_job_whose_instances_are_just_being_taken_away(jobs, local):
    name = jobs.start(
        "trap 'echo got TERM; sleep 1; exit 0' TERM; echo ready; while :; do sleep 0.1 & wait $!; done",
        CheckpointConfig={"S3Uri": local.uri("taken")},
        EnableManagedSpotTraining=True,
        StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
    )
    jobs.until_printed(name, "ready")
    interrupt(local, name)
    jobs.until_printed(name, "got TERM")
    jobs.api.stop_training_job(TrainingJobName=name)
    job = jobs.ended(name)
    assert (job["TrainingJobStatus"], statuses(job)[2:]) == ("Stopped", ["Training", "Stopping", "Stopped"])
    assert jobs.log(name).splitlines() == ["ready", "got TERM"]


def test_a_job_that_is_stopped_before_it_trains_says_stopping_until_it_has_stopped(jobs):
    name = jobs.start("echo started; sleep 100")
    jobs.api.stop_training_job(TrainingJobName=name)
    job = jobs.ended(name)
    assert job["TrainingJobStatus"] == "Stopped" and statuses(job)[-2:] == ["Stopping", "Stopped"]


def test_a_container_that_is_taken_away_is_no_completed_job_and_is_tried_again(jobs, engine, local):
    name = jobs.start("echo ready; sleep 100", RetryStrategy={"MaximumRetryAttempts": 1})
    for attempt in (1, 2):
        until(lambda: jobs.log(name).count("ready") == attempt)
        [container] = [one for one in find(engine, service=local.address.name) if one.labels[NAME] == name]
        container.remove(force=True)
    job = jobs.ended(name)
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"].startswith("InternalServerError")
    assert statuses(job).count("Restarting") == 1


def test_a_file_with_two_names_is_a_checkpoint_under_both(jobs, local):
    job = jobs.run(
        "cd /opt/ml/checkpoints; echo c > epoch-1; ln epoch-1 last", CheckpointConfig={"S3Uri": local.uri("linked")}
    )
    assert job["TrainingJobStatus"] == "Completed"
    assert [local.read(f"linked/{name}") for name in ("epoch-1", "last")] == [b"c\n", b"c\n"]


@pytest.mark.parametrize("failure", ["mkdir /opt/ml/output/failure", "ln -s /etc/passwd /opt/ml/output/failure"])
def test_a_failure_that_is_no_file_gives_no_reason(jobs, failure):
    assert jobs.run(f"{failure}; exit 3")["FailureReason"] == "AlgorithmError: , exit code: 3"


def test_a_huge_failure_file_is_cut(jobs):
    job = jobs.run("head -c 100000000 /dev/zero | tr '\\0' x > /opt/ml/output/failure; exit 3")
    assert job["FailureReason"] == ("AlgorithmError: " + "x" * 1024)[:1024]


def test_a_job_that_is_not_spot_cannot_be_interrupted(jobs, local):
    with pytest.raises(ValueError, match="is not a managed spot job"):
        interrupt(local, jobs.run("true")["TrainingJobName"])


@pytest.mark.parametrize("operation", ["stop_training_job", "describe_training_job", "delete_training_job"])
def test_an_unknown_job_is_not_found(jobs, operation):
    with pytest.raises(ClientError, match="Requested resource not found"):
        getattr(jobs.api, operation)(TrainingJobName="nobody")


def test_a_name_is_used_once_and_a_deleted_job_is_gone(jobs):
    request = jobs.request("true")
    jobs.api.create_training_job(**request)
    with pytest.raises(ClientError) as caught:
        jobs.api.create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    name = jobs.ended(request["TrainingJobName"])["TrainingJobName"]
    with pytest.raises(ClientError, match="in status Completed"):
        jobs.api.stop_training_job(TrainingJobName=name)
    jobs.api.delete_training_job(TrainingJobName=name)
    with pytest.raises(ClientError, match="not found"):
        jobs.job(name)


def test_fields_without_effect_come_back_and_are_named_in_the_log_before_what_the_program_prints(jobs, local):
    vpc = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    job = jobs.run("echo hello", VpcConfig=vpc, ExperimentConfig={"ExperimentName": "e"})
    assert job["TrainingJobStatus"] == "Completed" and job["VpcConfig"] == vpc
    assert jobs.log(job["TrainingJobName"]).splitlines() == [
        "Without effect in the local SageMaker, where everything runs on this machine: VpcConfig, ExperimentConfig.",
        "hello",
    ]
    streams = local.client("logs").describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=job["TrainingJobName"])
    assert len(streams["logStreams"]) == 1  # a client that follows the log takes as many streams as there are hosts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ResourceConfig": {"InstanceGroups": []}}, "does not support ResourceConfig.InstanceGroups"),
        ({"OutputDataConfig": {"S3OutputPath": "s3://no-such-bucket/x"}}, "no-such-bucket"),
    ],
)
def test_a_request_that_cannot_be_supported_is_refused_before_anything_runs(jobs, change, message):
    request = jobs.request("true", **change)
    with pytest.raises(ClientError, match=message) as caught:
        jobs.api.create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError):
        jobs.job(request["TrainingJobName"])


def test_a_channel_without_objects_is_refused_at_once(jobs, local):
    with pytest.raises(ClientError, match="No S3 objects found under S3 URL"):
        jobs.start("true", channels={"train": {"S3Uri": local.uri("nothing/here")}})


def test_an_image_that_is_not_there_is_refused_at_once(jobs):
    request = jobs.request("true")
    request["AlgorithmSpecification"]["TrainingImage"] = "no-such-image:1"
    with pytest.raises(ClientError, match="no-such-image:1"):
        jobs.api.create_training_job(**request)


def interrupt(local, name: str) -> None:
    service_address.control(local.folder, local.address, f"interrupt?job={name}", "POST")
