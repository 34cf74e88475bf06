"""make logs: the right log by name, the newest without one; and how log lines are read from CloudWatch."""

import time

import pytest
from botocore.exceptions import ClientError

from scripts import logs
from scripts.aws.log_tail import LogTail, endpoint_group
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.service import Service

TRAINING, TRANSFORM = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/TransformJobs"


@pytest.fixture
def quiet(sagemaker):
    sagemaker.answers |= {
        "ListTrainingJobs": {"TrainingJobSummaries": []},
        "ListTransformJobs": {"TransformJobSummaries": []},
        "DescribeEndpoint": Refusal("ValidationException", "Could not find endpoint."),
    }
    return sagemaker


def texts(lines) -> list[str]:
    return [line.text for line in lines]


def summary(noun: str, name: str, created: int) -> dict:
    return {
        f"{noun}Summaries": [
            {f"{noun}Name": name, f"{noun}Arn": "a", "CreationTime": created, f"{noun}Status": "Completed"}
        ]
    }


@pytest.mark.parametrize(
    "group, stream, name",
    [
        (TRAINING, "dogbreed-train-x/algo-1-17", "dogbreed-train-x"),
        (TRAINING, "dogbreed-tune-x-003-1a2b3c4d/algo-1-17", "dogbreed-tune-x-003-1a2b3c4d"),
        (TRAINING, "dogbreed-features-20261122-185200-123/algo-1-17", "dogbreed-features-20261122-185200-123"),
        (TRANSFORM, "dogbreed-transform-x/i-1", "dogbreed-transform-x"),
        (endpoint_group("dogbreed"), "AllTraffic/i-1", "dogbreed"),
    ],
)
def test_a_name_is_enough_to_find_the_log(quiet, write_log, capsys, group, stream, name):
    write_log(group, stream, "first", "second")
    assert logs.main([name]) == 0
    assert capsys.readouterr().out == "first\nsecond\n"


def test_a_log_line_cannot_move_the_terminal(quiet, write_log, capsys):
    write_log(TRAINING, "dogbreed-train-x/algo-1-17", "a\x1b]0;owned\x07\tb\r\u202ec")
    assert logs.main(["dogbreed-train-x"]) == 0
    assert capsys.readouterr().out == "a\\x1b]0;owned\\x07\tb\\r\\u202ec\n"


def test_without_a_name_it_is_the_log_of_what_was_made_last(quiet, write_log, capsys):
    write_log(TRAINING, "dogbreed-train-x/algo-1-17", "of the training")
    write_log(TRANSFORM, "dogbreed-transform-20261122-185200-123/i-1", "of the transform")
    quiet.answers["ListTrainingJobs"] = summary("TrainingJob", "dogbreed-train-x", 100)
    quiet.answers["ListTransformJobs"] = summary("TransformJob", "dogbreed-transform-20261122-185200-123", 200)
    assert logs.main([]) == 0
    assert capsys.readouterr().out == "of the transform\n"


def test_a_trial_is_never_what_was_made_last(quiet, write_log, capsys):
    write_log(TRAINING, "dogbreed-train-x/algo-1-17", "of the training")
    quiet.answers["ListTrainingJobs"] = {
        "TrainingJobSummaries": [
            *summary("TrainingJob", "dogbreed-tune-x-003-1a2b3c4d", 200)["TrainingJobSummaries"],
            *summary("TrainingJob", "dogbreed-train-x", 100)["TrainingJobSummaries"],
        ]
    }
    assert logs.main([]) == 0
    assert capsys.readouterr().out == "of the training\n"


def test_a_tuning_job_that_was_made_last_shows_its_trials(quiet, capsys):
    service = Service(quiet, [("InProgress", [("InProgress", None, ""), ("Completed", 0.5, "")])])
    service.has(
        {
            "HyperParameterTuningJobName": "dogbreed-tune-x",
            "TrainingJobDefinition": {},
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "valid_loss"},
                "ResourceLimits": {"MaxParallelTrainingJobs": 2},
                "ParameterRanges": {},
            },
        }
    )
    quiet.answers["ListHyperParameterTuningJobs"] = summary("HyperParameterTuningJob", "dogbreed-tune-x", 300)
    quiet.answers["ListTrainingJobs"] = summary("TrainingJob", "dogbreed-train-x", 100)
    assert logs.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["001-00000001", "InProgress"] and lines[2].split()[:4] == [
        "*",
        "002-00000002",
        "Completed",
        "0.5000",
    ]
    assert lines[-1].startswith("dogbreed-tune-x: InProgress after")


def test_following_a_trial_ends_with_it(quiet, write_log, capsys):
    write_log(TRAINING, "dogbreed-tune-x-003-1a2b3c4d/algo-1-17", "epoch=1")
    quiet.answers["DescribeTrainingJob"] = {
        "TrainingJobName": "dogbreed-tune-x-003-1a2b3c4d",
        "TrainingJobStatus": "Completed",
    }
    assert logs.main(["dogbreed-tune-x-003-1a2b3c4d", "--follow"]) == 0
    assert capsys.readouterr().out == "epoch=1\n"


def test_following_ends_with_the_job_and_shows_each_line_once(quiet, write_log, capsys):
    write_log(TRAINING, "dogbreed-train-x/algo-1-17", "one")
    told = ["InProgress", "InProgress", "Completed"]

    def describe(request):
        write_log(TRAINING, "dogbreed-train-x/algo-1-17", f"then {len(told)}")
        return {"TrainingJobName": "dogbreed-train-x", "TrainingJobStatus": told.pop(0)}

    quiet.answers["DescribeTrainingJob"] = describe
    assert logs.main(["dogbreed-train-x", "--follow"]) == 0
    assert capsys.readouterr().out.splitlines() == ["one", "then 3", "then 2", "then 1"]


def test_a_name_without_a_log_and_a_prefix_without_anything_are_sentences(quiet, capsys):
    assert logs.main(["dogbreed-train-y"]) == 1
    assert "dogbreed-train-y has no log in eu-west-1" in capsys.readouterr().err
    assert logs.main([]) == 1
    assert "has no job and no endpoint" in capsys.readouterr().err


def test_a_log_that_is_not_there_yet_has_no_lines(aws):
    assert LogTail(aws.client("logs"), "/none").new_lines() == []
    assert LogTail(aws.client("logs"), "/none").last_lines(3) == []


def test_the_last_lines_are_the_newest_of_all_hosts(aws, write_log):
    write_log("/g", "job/algo-1", *(f"line {n}" for n in range(10)))
    log = LogTail(aws.client("logs"), "/g", "job/")
    assert texts(log.last_lines(2)) == ["line 8", "line 9"]
    write_log("/g", "job/algo-2", "other")
    assert len(log.last_lines(3)) == 3 and any(line.startswith("algo-2  ") for line in texts(log.last_lines(20)))


def test_only_the_streams_of_the_job_are_read(aws, write_log):
    write_log("/g", "job-a/algo-1", "mine")
    write_log("/g", "job-ab/algo-1", "another's")
    assert texts(LogTail(aws.client("logs"), "/g", "job-a/").new_lines()) == ["mine"]


def test_more_lines_than_one_answer_holds_all_come(aws, write_log):
    lines = [f"line {n}" for n in range(12_000)]
    for start in range(0, len(lines), 10_000):
        write_log("/g", "job/algo-1", *lines[start : start + 10_000])
    assert len(LogTail(aws.client("logs"), "/g", "job/").new_lines()) == len(lines)


def test_a_read_that_is_cut_short_loses_no_line_and_repeats_none(aws, write_log, monkeypatch):
    write_log("/g", "job/algo-1", "of one")
    write_log("/g", "job/algo-2", "of two")
    log, real = LogTail(aws.client("logs"), "/g", "job/"), LogTail._events_from

    def cut(self, stream, token):
        if stream.endswith("2"):
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetLogEvents")
        return real(self, stream, token)

    with monkeypatch.context() as patch:
        patch.setattr(LogTail, "_events_from", cut)
        with pytest.raises(ClientError):
            log.new_lines()
    assert texts(log.new_lines()) == ["algo-1  of one", "algo-2  of two"]
    assert log.new_lines() == []


def test_the_log_of_an_endpoint_leaves_out_what_an_earlier_one_of_its_name_wrote(quiet, write_log, aws, capsys):
    write_log(endpoint_group("dogbreed"), "AllTraffic/i-1", "of the earlier")
    now = time.time()
    quiet.answers["DescribeEndpoint"] = {
        "EndpointName": "dogbreed",
        "EndpointArn": "a",
        "EndpointStatus": "InService",
        "EndpointConfigName": "dogbreed-1",
        "CreationTime": now + 60,
    }
    aws.client("logs").create_log_stream(logGroupName=endpoint_group("dogbreed"), logStreamName="AllTraffic/i-2")
    aws.client("logs").put_log_events(
        logGroupName=endpoint_group("dogbreed"),
        logStreamName="AllTraffic/i-2",
        logEvents=[{"timestamp": int(now * 1000) + 61_000, "message": "of this"}],
    )
    assert logs.main(["dogbreed"]) == 0
    assert "of this" in (shown := capsys.readouterr().out) and "earlier" not in shown


def test_following_a_job_that_has_not_written_yet_waits_for_it(quiet, write_log, capsys):
    told = ["InProgress", "Completed"]

    def describe(request):
        if len(told) == 1:
            write_log(TRAINING, "dogbreed-train-x/algo-1-17", "at last")
        return {"TrainingJobName": "dogbreed-train-x", "TrainingJobStatus": told.pop(0)}

    quiet.answers["DescribeTrainingJob"] = describe
    assert logs.main(["dogbreed-train-x", "--follow"]) == 0
    assert capsys.readouterr().out == "at last\n"
