"""Transform jobs with real containers: what they read, where, and what they leave."""

import gzip
import json

import pytest

LINE = {"AssembleWith": "Line"}


def test_a_job_stores_an_output_for_each_object_and_says_when(jobs):
    jobs.put("in/a.txt", b"first")
    jobs.put("in/sub/b.txt", b"second \xff\n")
    jobs.create(Tags=[{"Key": "team", "Value": "dogs"}])
    assert jobs.describe()["TransformJobStatus"] == "InProgress"
    described = jobs.ended()
    assert described["TransformJobStatus"] == "Completed", described
    assert "FailureReason" not in described
    assert jobs.out() == {"a.txt.out": b"first", "sub/b.txt.out": b"second \xff\n"}
    assert described["CreationTime"] <= described["TransformStartTime"] <= described["TransformEndTime"]
    assert described["TransformJobArn"] == "arn:aws:sagemaker:us-east-1:123456789012:transform-job/job"
    assert jobs.call("ListTags", ResourceArn=described["TransformJobArn"])["Tags"] == [{"Key": "team", "Value": "dogs"}]
    (summary,) = jobs.call("ListTransformJobs", StatusEquals="Completed")["TransformJobSummaries"]
    assert (summary["TransformJobName"], summary["TransformEndTime"]) == ("job", described["TransformEndTime"])


def test_the_container_gets_the_environment_of_a_batch_job_and_the_model(jobs):
    jobs.model("spoken-to", TEST_MODEL="model", TEST_BOTH="model")
    jobs.put("in/a", b"")
    jobs.run(model="spoken-to", kind="test/environment", Environment={"TEST_BOTH": "job", "SAGEMAKER_BATCH": "no"})
    assert json.loads(jobs.out()["a.out"]) == {
        "SAGEMAKER_BATCH": "true",
        "TEST_MODEL": "model",
        "TEST_BOTH": "job",
        "model": "the model",
    }
    jobs.run(
        name="told",
        model="spoken-to",
        output="s3://data/told",
        kind="test/environment",
        MaxPayloadInMB=2,
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=3,
    )
    told = json.loads(jobs.out("told/")["a.out"])
    names = ("SAGEMAKER_MAX_PAYLOAD_IN_MB", "SAGEMAKER_BATCH_STRATEGY", "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS")
    assert [told[name] for name in names] == ["2", "SINGLE_RECORD", "3"]


def test_two_instances_share_the_objects_out(jobs):
    for number in range(6):
        jobs.put(f"in/{number}", b"object")
    described = jobs.run(kind="test/describe", instances=2)
    assert described["TransformJobStatus"] == "Completed", described
    hosts = [json.loads(answer)["host"] for _, answer in sorted(jobs.out().items())]
    assert len(set(hosts)) == 2
    assert hosts == hosts[:2] * 3
    assert jobs.lines().count("serve starts") == 2


def test_an_instance_without_objects_is_no_failure(jobs):
    jobs.put("in/a", b"1")
    assert jobs.run(instances=2)["TransformJobStatus"] == "Completed"
    assert jobs.out() == {"a.out": b"1"}


def test_compressed_objects_of_a_folder_go_into_a_folder(jobs, tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given/a b.csv.gz").write_bytes(gzip.compress(b"1\n22\n"))
    described = jobs.run(
        input=(tmp_path / "given").as_uri(),
        output=(tmp_path / "made").as_uri(),
        kind="test/count",
        split="Line",
        given={"CompressionType": "Gzip"},
        made=LINE,
    )
    assert described["TransformJobStatus"] == "Completed", described
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "made").iterdir()] == [("a b.csv.gz.out", b"1\n2\n")]


def test_outputs_in_a_folder_have_the_names_of_their_objects_and_stay_there(jobs, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.bashrc.out").write_text("mine")
    for name in ("a#1", "a#2", "..%2fhome%2f.bashrc"):
        jobs.put(f"in/{name}", name.encode())
    described = jobs.run(output=(tmp_path / "made#1").as_uri())
    assert described["TransformJobStatus"] == "Completed", described
    assert {path.name for path in (tmp_path / "made#1").iterdir()} == {"a#1.out", "a#2.out", "..%2fhome%2f.bashrc.out"}
    assert (tmp_path / "home/.bashrc.out").read_text() == "mine"


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ([{"prefix": "file:///etc/"}, "hostname"], "can only name objects in S3"),
        ([{"prefix": "s3://data/in"}, "/a"], "begins with a slash"),
    ],
)
def test_a_manifest_in_s3_neither_reads_nor_writes_this_machine(jobs, tmp_path, manifest, message):
    jobs.put("in/a", b"1")
    jobs.put("manifest", json.dumps(manifest).encode())
    source = {"DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://data/manifest"}}}
    described = jobs.run(output=(tmp_path / "made").as_uri(), given=source)
    assert described["TransformJobStatus"] == "Failed" and message in described["FailureReason"]
    assert list((tmp_path / "made").iterdir()) == []


def test_a_model_without_network_is_reached_all_the_same(jobs):
    jobs.call(
        "CreateModel",
        ModelName="alone",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/a-role",
        EnableNetworkIsolation=True,
        PrimaryContainer={"Image": jobs.image},
    )
    jobs.put("in/a", b"1")
    assert jobs.run(model="alone")["TransformJobStatus"] == "Completed"
