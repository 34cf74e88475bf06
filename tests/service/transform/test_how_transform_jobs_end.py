"""Transform jobs with real containers: what becomes of failures, of a stop and of the service's end."""

import gzip
import tarfile

from tests.local_service import until

LINE = {"AssembleWith": "Line"}


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


def test_when_one_of_two_instances_dies_the_job_fails(jobs):
    jobs.put("in/a", b"crash 3")
    jobs.put("in/b", b"hang")
    described = jobs.run(instances=2)
    assert described["TransformJobStatus"] == "Failed" and "exit status 3" in described["FailureReason"]


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
