"""Transform jobs with real containers: what is sent, in which portions, and how many at once."""

import json

from tests.service.transform.conftest import json_lines

LINE = {"AssembleWith": "Line"}


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
