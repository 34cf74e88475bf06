"""Transform jobs of models with several containers."""

import json


def test_each_record_goes_through_all_containers(jobs):
    jobs.pipeline("three", {"APPEND": "1"}, {"APPEND": "2"}, {"APPEND": "3"})
    jobs.put("in/a", b"a\nb\n")
    described = jobs.run(
        model="three", split="Line", made={"AssembleWith": "Line"}, BatchStrategy="SingleRecord", instances=2
    )
    assert described["TransformJobStatus"] == "Completed", described
    assert jobs.out() == {"a.out": b"a123\nb123\n"}
    assert jobs.lines(kind="/container-2").count("serve starts") == 2 and jobs.lines().count("serve starts") == 6


def test_every_container_knows_that_the_job_is_a_batch_and_gets_the_type_of_the_answer_before(jobs):
    jobs.pipeline("typed", {"ANSWER_TYPE": "test/describe"}, {"ANSWER_TYPE": "text/plain"})
    jobs.put("in/a", b"\xff" * 1000)
    jobs.run(model="typed", kind="image/jpeg", made={"Accept": "test/accepted"})
    told = json.loads(jobs.out()["a.out"])
    assert told["size"] == 1000 and told["accept"] == "test/accepted"  # only the last one gets the job's Accept
    jobs.pipeline("spoken-to", {"ANSWER_TYPE": "test/environment"}, {"TEST_SECOND": "yes"})
    jobs.run(name="told", model="spoken-to", output="s3://data/told", Environment={"TEST_JOB": "job"})
    environment = json.loads(jobs.out("told/")["a.out"])
    assert (environment["SAGEMAKER_BATCH"], environment["TEST_JOB"]) == ("true", "job")
    assert environment["TEST_SECOND"] == "yes"


def test_a_payload_of_any_size_goes_through_block_by_block(jobs):
    jobs.pipeline("two", {}, {})
    jobs.put("in/large", b"x" * 3_000_000)
    assert jobs.run(model="two", MaxPayloadInMB=0, MaxConcurrentTransforms=1)["TransformJobStatus"] == "Completed"
    assert len(jobs.out()["large.out"]) == 3_000_000


def test_one_container_that_does_not_start_fails_the_job_with_its_name(jobs):
    jobs.pipeline("broken", {}, {"EXIT_AT_START": "3"})
    jobs.put("in/a", b"a")
    reason = jobs.run(model="broken")["FailureReason"]
    assert reason.startswith("AlgorithmError: Container container-2: ") and "exit status 3" in reason
    jobs.pipeline("dying", {"APPEND": "\n"}, {})
    jobs.put("in/a", b"crash 4")
    assert "ended with exit status 4" in jobs.run(name="crashed", model="dying")["FailureReason"]
