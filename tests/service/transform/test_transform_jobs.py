"""Transform jobs with real containers: what is sent, in which portions, how many at once, and what becomes of
failures.
"""

import gzip
import json
import tarfile

import pytest

from tests.local_service import until
from tests.service.transform.conftest import json_lines

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


def test_single_record_is_one_request_for_each_line(jobs):
    jobs.put("in/a.csv", b"1,2\n3,4,5\r\n\nlast")
    jobs.run(kind="test/describe", split="Line", made=LINE, BatchStrategy="SingleRecord")
    assert [(one["size"], one["lines"]) for one in json_lines(jobs.out()["a.csv.out"])] == [
        (3, 0),
        (5, 0),
        (0, 0),
        (4, 0),
    ]


def test_multi_record_is_as_many_lines_as_fit_into_a_payload(jobs):
    line, megabyte = b"x" * 1023 + b"\n", 1024 * 1024
    jobs.put("in/a.csv", line * 2500)
    jobs.run(kind="test/describe", split="Line", made=LINE, BatchStrategy="MultiRecord", MaxPayloadInMB=1)
    assert [(one["size"], one["lines"]) for one in json_lines(jobs.out()["a.csv.out"])] == [
        (megabyte, 1024),
        (megabyte, 1024),
        (452 * 1024, 452),
    ]


def test_an_object_that_is_not_split_is_one_request(jobs):
    jobs.put("in/a.csv", b"1\n2\n3\n")
    jobs.run(kind="test/describe", made={"Accept": "application/json"}, BatchStrategy="SingleRecord")
    (one,) = json_lines(jobs.out()["a.csv.out"])
    assert (one["size"], one["accept"], one["chunked"]) == (6, "application/json", False)


def test_a_payload_of_any_size_goes_in_chunks(jobs):
    jobs.put("in/a.bin", b"x" * 9_000_000)
    jobs.run(kind="test/describe", MaxPayloadInMB=0)
    (one,) = json_lines(jobs.out()["a.bin.out"])
    assert (one["size"], one["chunked"]) == (9_000_000, True)


def test_the_output_has_the_order_of_the_input_and_requests_share_connections(jobs):
    lines = b"".join(b"record %d\n" % number for number in range(500))
    jobs.put("in/a.csv", lines)
    jobs.put("in/b.csv", b"1\n")
    jobs.run(split="Line", made=LINE, BatchStrategy="SingleRecord", MaxConcurrentTransforms=8)
    assert jobs.out() == {"a.csv.out": lines, "b.csv.out": b"1\n"}
    jobs.run(
        name="count",
        output="s3://data/count",
        kind="test/describe",
        split="Line",
        made=LINE,
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=4,
    )
    # Besides one for each request at once: /ping until it answered, /execution-parameters.
    assert json_lines(jobs.out("count/")["b.csv.out"])[-1]["connections"] <= 4 + 10


def test_so_many_requests_as_asked_for_are_under_way_at_once(jobs):
    jobs.model("together", TOGETHER="4")
    for number in range(8):
        jobs.put(f"in/{number}", b"whole object")
    described = jobs.run(model="together", kind="test/describe", MaxConcurrentTransforms=4)
    assert described["TransformJobStatus"] == "Completed", described
    assert max(json.loads(one)["most"] for one in jobs.out().values()) == 4


def test_without_a_word_requests_go_one_by_one(jobs):
    jobs.put("in/a.csv", b"1\n" * 20)
    jobs.run(kind="test/describe", split="Line", made=LINE, BatchStrategy="SingleRecord")
    assert {one["most"] for one in json_lines(jobs.out()["a.csv.out"])} == {1}


def test_the_container_may_say_how_many_and_how(jobs):
    parameters = {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1}
    jobs.model("tuned", TOGETHER="2", PARAMETERS=json.dumps(parameters))
    jobs.put("in/a.csv", b"1\n" * 4)
    described = jobs.run(model="tuned", kind="test/describe", split="Line", made={**LINE, "KmsKeyId": "key"})
    assert described["TransformOutput"]["KmsKeyId"] == "key"
    answers = json_lines(jobs.out()["a.csv.out"])
    assert (len(answers), answers[-1]["most"]) == (4, 2)
    assert any(line.endswith("this machine: TransformOutput.KmsKeyId.") for line in jobs.lines(kind="/data-log"))
    assert any(
        "MaxConcurrentTransforms=2, MaxPayloadInMB=1, BatchStrategy=SINGLE_RECORD" in line
        for line in jobs.lines(kind="/data-log")
    )


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


def test_a_bad_record_costs_its_object_the_output_and_the_job_its_success_but_no_other_object(jobs):
    jobs.put("in/a.csv", b"1\n2\n")
    jobs.put("in/b.csv", b"1\nbad\n3\n")
    jobs.put("in/c.csv", b"5\n")
    described = jobs.run(split="Line", made=LINE, BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    assert described["TransformJobStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        'ClientError: s3://data/in/b.csv: the container answered 400 to record 2: "this record is bad". 1 of 3 '
        "objects failed."
    )
    assert jobs.out() == {"a.csv.out": b"1\n2\n", "c.csv.out": b"5\n"}
    assert jobs.lines().count("request bad") == 1, "a 4xx is not tried again"
    logged = "\n".join(jobs.lines(kind="/data-log"))
    assert (
        "[sagemaker logs]: data/in/b.csv: ClientError: 400" in logged and "data/in/b.csv: this record is bad" in logged
    )


def test_an_object_above_the_limit_fails_with_a_sentence_and_is_not_sent(jobs):
    jobs.put("in/large", b"x" * (1024 * 1024 + 1))
    jobs.put("in/small", b"x")
    described = jobs.run(MaxPayloadInMB=1)
    assert described["TransformJobStatus"] == "Failed"
    assert "s3://data/in/large: as one payload it is larger than MaxPayloadInMB (1)." in described["FailureReason"]
    assert jobs.out() == {"small.out": b"x"}


def test_a_busy_container_is_asked_again(jobs):
    jobs.put("in/a.csv", b"busy one 3\nfine\n")
    assert jobs.run(split="Line", made=LINE, BatchStrategy="SingleRecord")["TransformJobStatus"] == "Completed"
    assert jobs.out() == {"a.csv.out": b"busy one 3\nfine\n"}
    assert until(lambda: jobs.lines().count("request busy") == 4)


def test_a_container_that_stays_busy_is_to_blame(jobs):
    jobs.put("in/a.csv", b"busy one 2\n")
    described = jobs.run(
        split="Line", ModelClientConfig={"InvocationsMaxRetries": 1, "InvocationsTimeoutInSeconds": 60}
    )
    assert described["TransformJobStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        'AlgorithmError: s3://data/in/a.csv: the container answered 503 to record 1: "later".'
    )
    assert jobs.out() == {}


def test_a_container_that_does_not_answer_in_time_is_to_blame(jobs):
    jobs.put("in/a.csv", b"hang\n")
    described = jobs.run(split="Line", ModelClientConfig={"InvocationsMaxRetries": 0, "InvocationsTimeoutInSeconds": 1})
    assert described["TransformJobStatus"] == "Failed"
    assert "record 1 got no answer: there was no answer within 1 seconds." in described["FailureReason"]


def test_a_job_can_be_stopped_while_its_containers_start(jobs):
    jobs.model("slow", NEVER_READY="yes")
    jobs.put("in/a", b"1")
    jobs.create(model="slow", instances=2)
    until(lambda: len(jobs.containers()) == 2)
    jobs.call("StopTransformJob", TransformJobName="job")
    assert jobs.ended()["TransformJobStatus"] == "Stopped"
    assert jobs.containers() == []


def test_a_stopped_job_is_stopping_then_stopped_and_stores_nothing(jobs):
    jobs.put("in/a.csv", b"fine")
    jobs.put("in/b.csv", b"hang")
    jobs.create()
    until(lambda: "request hang" in jobs.lines())
    assert jobs.call("StopTransformJob", TransformJobName="job") == {}
    assert jobs.describe()["TransformJobStatus"] in ("Stopping", "Stopped")
    jobs.call("ListTransformJobs", StatusEquals="Stopping")
    described = jobs.ended()
    assert (described["TransformJobStatus"], "FailureReason" in described) == ("Stopped", False)
    assert described["TransformEndTime"] >= described["TransformStartTime"]
    assert jobs.out() == {}
    assert jobs.containers() == []


def test_a_container_that_dies_ends_the_job_with_its_status_and_last_lines(jobs):
    for number in range(20):
        jobs.put(f"in/{number:02d}", b"crash 7" if number == 3 else b"fine")
    described = jobs.run()
    assert described["TransformJobStatus"] == "Failed"
    reason = described["FailureReason"]
    assert reason.startswith("AlgorithmError: ") and "exit status 7" in reason and "the model is leaving now" in reason
    assert sorted(jobs.out()) == ["00.out", "01.out", "02.out"], "what was done before is kept"


def test_a_container_that_does_not_start_is_told_with_status_and_last_lines(jobs):
    jobs.model("broken", EXIT_AT_START="5")
    jobs.put("in/a", b"1")
    described = jobs.run(model="broken", instances=2)
    assert described["TransformJobStatus"] == "Failed"
    assert "exit status 5" in described["FailureReason"] and "no such model" in described["FailureReason"]


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


def test_when_one_of_two_instances_dies_the_job_fails(jobs):
    jobs.put("in/a", b"crash 3")
    jobs.put("in/b", b"hang")
    described = jobs.run(instances=2)
    assert described["TransformJobStatus"] == "Failed" and "exit status 3" in described["FailureReason"]


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


def test_a_link_that_leads_out_of_the_folders_of_the_service_fails_the_job(jobs, tmp_path):
    (tmp_path / "given").mkdir()
    (tmp_path / "given/a").symlink_to("/etc/hostname")
    described = jobs.run(input=(tmp_path / "given").as_uri())
    assert described["TransformJobStatus"] == "Failed"
    assert "given/a leads to /etc/hostname, which is outside the folders" in described["FailureReason"]


def test_a_model_archive_that_unpacks_to_gigabytes_fails_the_job(jobs):
    header = tarfile.TarInfo("weights")
    header.size = 2 * 1024**3
    jobs.put("model/model.tar.gz", gzip.compress(header.tobuf() + bytes(1024**2)))
    jobs.put("in/a", b"1")
    described = jobs.run()
    assert described["TransformJobStatus"] == "Failed" and "unpacks to more than" in described["FailureReason"]


def test_answers_are_joined_with_their_records(jobs):
    jobs.put("in/a.csv", b"id1,secret,ab\nid2,secret,abc\n")
    described = jobs.run(
        kind="text/csv",
        split="Line",
        made=LINE,
        MaxConcurrentTransforms=2,
        DataProcessing={"InputFilter": "$[2]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert described["TransformJobStatus"] == "Completed", described
    assert jobs.out() == {"a.csv.out": b"id1,ab\nid2,abc\n"}
    assert described["DataProcessing"]["JoinSource"] == "Input"


def test_answers_to_a_payload_of_any_size_that_the_container_asks_for_are_joined(jobs):
    jobs.model("unlimited", PARAMETERS=json.dumps({"MaxPayloadInMB": 0}))
    jobs.put("in/a.csv", b"id1,secret,ab\nid2,secret,abc\n")
    described = jobs.run(
        model="unlimited",
        kind="text/csv",
        split="Line",
        made=LINE,
        DataProcessing={"InputFilter": "$[2]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert described["TransformJobStatus"] == "Completed", described
    assert jobs.out() == {"a.csv.out": b"id1,ab\nid2,abc\n"}
    assert any("MaxPayloadInMB=0" in line for line in jobs.lines(kind="/data-log"))


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


def test_the_end_of_the_service_fails_what_runs(jobs):
    jobs.put("in/a", b"hang")
    jobs.create(name="ended")
    until(lambda: "request hang" in jobs.lines("ended"))
    jobs.jobs.stop_all()
    assert jobs.containers() == []
    described = jobs.describe("ended")
    assert (
        described["TransformJobStatus"] == "Failed"
        and "The local SageMaker ended while the job ran" in described["FailureReason"]
    )
    assert jobs.out() == {}
