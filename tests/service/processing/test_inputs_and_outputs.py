"""What goes into a processing container, and what comes out of it."""

import json

import pytest
from botocore.exceptions import ClientError

from local_test.background import stop
from local_test.clean import remove_all
from local_test.host.labels import PROCESSING, filters
from tests.local_service import Local, until
from tests.service.processing.conftest import Jobs


def test_inputs_are_files_of_their_own_and_outputs_are_stored_at_the_end(jobs, local):
    for key in ("a.csv", "deep/b.csv"):
        local.put(f"in/{key}", key.encode())
    script = """set -e
cd /opt/ml/processing
find data -type f | sort
tr a-z A-Z < data/a.csv > out/upper.csv
mkdir out/deep; echo nested > out/deep/file
ln -s /etc/passwd out/link
"""
    job = jobs.run(script, inputs={"data": local.uri("in/")}, outputs={"out": "EndOfJob"})
    name = job["ProcessingJobName"]
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert jobs.log(name).splitlines() == ["data/a.csv", "data/deep/b.csv"]
    assert local.keys(f"{name}/") == [f"{name}/out/deep/file", f"{name}/out/upper.csv"]
    assert local.read(f"{name}/out/upper.csv") == b"A.CSV"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert "ExitMessage" not in job and "FailureReason" not in job


def test_a_program_may_change_its_inputs_and_the_objects_stay_as_they_are(jobs, local, tmp_path):
    local.put("kept/a", b"original")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/b").write_text("original")
    script = """set -e
for folder in data mine; do
    cd /opt/ml/processing/$folder
    for file in *; do echo changed > $file; chmod 755 $file; mv $file new; done
done
"""
    job = jobs.run(script, inputs={"data": local.uri("kept/a"), "mine": (tmp_path / "mine").as_uri()})
    assert job["ProcessingJobStatus"] == "Completed", jobs.log(job["ProcessingJobName"])
    assert local.keys("kept/") == ["kept/a"] and local.read("kept/a") == b"original"
    assert [(path.name, path.read_text()) for path in (tmp_path / "mine").iterdir()] == [("b", "original")]


def test_inputs_may_lie_one_in_the_other_and_manifests_name_single_objects(jobs, local):
    for key in ("x/1", "x/2", "x/3", "y"):
        local.put(f"nested/{key}", key.encode())
    manifest = [{"prefix": local.uri("nested/")}, "x/3", "y"]
    inputs = {
        "in": local.uri("nested/x/"),
        "in/listed": {
            "S3Uri": local.put("nested.manifest", json.dumps(manifest).encode()),
            "S3DataType": "ManifestFile",
        },
    }
    job = jobs.run("cd /opt/ml/processing/in; find . -type f | sort", inputs=inputs)
    assert jobs.log(job["ProcessingJobName"]).splitlines() == ["./1", "./2", "./3", "./listed/x/3", "./listed/y"]


def test_a_continuous_output_is_in_s3_before_the_end_and_its_last_state_after_it(jobs, local):
    script = """cd /opt/ml/processing/live; echo 1 > first
while [ ! -e /tmp/told ]; do sleep 0.1; done & trap 'echo last > last; exit 0' TERM; echo started; wait"""
    name = jobs.start(script, outputs={"live": "Continuous", "late": "EndOfJob"})
    until(lambda: local.keys(f"{name}/") == [f"{name}/live/first"])
    assert jobs.job(name)["ProcessingJobStatus"] == "InProgress"
    jobs.api.stop_processing_job(ProcessingJobName=name)
    assert jobs.ended(name)["ProcessingJobStatus"] == "Stopped"
    assert local.keys(f"{name}/") == [f"{name}/live/first", f"{name}/live/last"]


def test_a_failed_job_stores_its_continuous_outputs_alone(jobs, local):
    script = "cd /opt/ml/processing; echo 1 > live/file; echo 1 > late/file; exit 1"
    job = jobs.run(script, outputs={"live": "Continuous", "late": "EndOfJob"})
    assert job["ProcessingJobStatus"] == "Failed"
    assert local.keys(f"{job['ProcessingJobName']}/") == [f"{job['ProcessingJobName']}/live/file"]


def test_what_the_program_manages_itself_is_not_brought_and_not_stored(jobs, local):
    request = jobs.request(
        "ls -A /opt/ml/processing; echo mine > /opt/ml/processing/out/file", outputs={"out": "EndOfJob"}
    )
    source = {"S3Uri": local.uri("nowhere"), "S3DataType": "S3Prefix"}
    request["ProcessingInputs"].append({"InputName": "own", "AppManaged": True, "S3Input": source})
    request["ProcessingOutputConfig"]["Outputs"][0]["AppManaged"] = True
    jobs.api.create_processing_job(**request)
    job = jobs.ended(request["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert local.keys(f"{job['ProcessingJobName']}/") == []
    assert [one["AppManaged"] for one in job["ProcessingInputs"]] == [False, True]


def test_the_container_finds_its_job_and_its_hosts_in_its_config(jobs):
    request = jobs.request("cat /opt/ml/config/processingjobconfig.json; echo; cat /opt/ml/config/resourceconfig.json")
    request |= {"Environment": {"GREETING": "hello"}}
    request["AppSpecification"]["ContainerArguments"] = ["--rate", "0.5"]
    del request["StoppingCondition"], request["ProcessingOutputConfig"]
    jobs.api.create_processing_job(**request)
    job = jobs.ended(request["ProcessingJobName"])
    config, resources = map(json.loads, jobs.log(job["ProcessingJobName"]).splitlines())
    assert config["ProcessingJobArn"] == job["ProcessingJobArn"]
    assert config["Environment"] == {"GREETING": "hello"} and config["ProcessingOutputConfig"]["Outputs"] == []
    assert config["AppSpecification"] == job["AppSpecification"]
    assert config["StoppingCondition"] == job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert resources == {"current_host": "algo-1", "hosts": ["algo-1"]}


def test_entrypoint_arguments_and_environment_reach_the_program(jobs, train_image):
    request = jobs.request("")
    request["AppSpecification"] = {
        "ImageUri": train_image,
        "ContainerEntrypoint": ["python", "-c", "import os, sys; print(os.environ['GREETING'], sys.argv[1:])"],
        "ContainerArguments": ["--name", "a b"],
    }
    request["Environment"] = {"GREETING": "hello"}
    jobs.api.create_processing_job(**request)
    jobs.ended(request["ProcessingJobName"])
    assert jobs.log(request["ProcessingJobName"]) == "hello ['--name', 'a b']"


def test_fields_without_effect_come_back_and_are_named_in_the_log(jobs):
    network = {"EnableInterContainerTrafficEncryption": True, "EnableNetworkIsolation": False}
    request = jobs.request("echo ran", NetworkConfig=network, ExperimentConfig={"ExperimentName": "e"})
    request["ProcessingOutputConfig"]["KmsKeyId"] = "key"
    jobs.api.create_processing_job(**request)
    job = jobs.ended(request["ProcessingJobName"])
    assert (job["NetworkConfig"], job["ExperimentConfig"]) == (network, {"ExperimentName": "e"})
    assert job["ProcessingOutputConfig"]["KmsKeyId"] == "key"
    line, ran = jobs.log(job["ProcessingJobName"]).splitlines()
    assert ran == "ran" and "Without effect" in line and "ProcessingOutputConfig.KmsKeyId" in line


@pytest.mark.parametrize("name", ["state", "state, of mine"])
def test_inputs_are_writable_one_in_the_other_whether_the_engine_mounts_overlays_or_not(
    train_image, engine, tmp_path, name
):
    """A comma in the path of the service's folder is a case in which no engine mounts one."""
    local = Local(tmp_path / name)
    try:
        jobs = Jobs(local, train_image)
        local.put("in/a", b"a\n")
        local.put("other/b", b"b\n")
        script = """set -e
cd /opt/ml/processing/in; rm a; echo new > c; echo more >> deep/b; mkdir out/sub; cat deep/b > out/sub/b
find . -type f | sort
"""
        inputs = {"in": local.uri("in"), "in/deep": local.uri("other")}
        job = jobs.run(script, instances=2, inputs=inputs, outputs={"in/out": "EndOfJob"})
        log = jobs.log(job["ProcessingJobName"]).splitlines()
        assert job["ProcessingJobStatus"] == "Completed", log
        copied = [line for line in log if "cannot mount overlays" in line]
        assert len(copied) == (1 if "," in name else 0)
        assert sorted(set(log) - set(copied)) == ["./c", "./deep/b", "./out/sub/b"]
        assert local.read(f"{job['ProcessingJobName']}/in/out/sub/b") == b"b\nmore\n"
        assert (local.read("in/a"), local.read("other/b")) == (b"a\n", b"b\n")
        assert engine.volumes.list(filters=filters(PROCESSING, local.address.name)) == []
    finally:
        stop(local.folder)
        remove_all(engine, local.address.name)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda request, local: request["ProcessingInputs"][0]["S3Input"].update(S3Uri=local.uri("none")),
            "Processing input code: No S3 objects found",
        ),
        (lambda request, local: request["AppSpecification"].update(ImageUri="not-there"), "not-there"),
        (
            lambda request, local: request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"].update(
                S3Uri="s3://no-bucket-x/"
            ),
            "Processing output out: There is no bucket",
        ),
    ],
)
def test_what_could_not_be_run_is_refused_before_a_job_is_made(jobs, local, change, named):
    request = jobs.request("true", outputs={"out": "EndOfJob"})
    change(request, local)
    with pytest.raises(ClientError, match=named) as refused:
        jobs.api.create_processing_job(**request)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="Could not find requested job"):
        jobs.job(request["ProcessingJobName"])
