"""make train follows its job: log, states, its end, and what may come between."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts import train
from scripts.aws import clients as aws_module
from scripts.aws.clients import Aws
from scripts.aws.jobs import TRAINING, watch
from scripts.aws.log_tail import LogTail
from scripts.config.settings import load_settings
from scripts.console.failure import Failure
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.training.jobs import job

GROUP = "/aws/sagemaker/TrainingJobs"


def test_the_log_of_every_host_is_shown_and_each_state_once(ready, write_log, capsys):
    states = [("InProgress", "Starting"), ("InProgress", "Starting"), ("InProgress", "Training")]

    def describe(request):
        name = request["TrainingJobName"]
        if states:
            status, secondary = states.pop(0)
            write_log(GROUP, f"{name}/algo-1-17", f"{secondary} on one")
            return job(
                name,
                status,
                secondary,
                SecondaryStatusTransitions=[{"Status": secondary, "StartTime": 1, "StatusMessage": f"{secondary} now"}],
            )
        write_log(GROUP, f"{name}/algo-2-17", "the last line")
        return job(name, "Completed")

    ready.answers["DescribeTrainingJob"] = describe
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("Starting on one") == 2 and shown.out.count("Training on one") == 1
    assert shown.out.count("algo-2-17  the last line") == 1
    assert shown.err.count("Starting: Starting now") == 1 and shown.err.count("Training: Training now") == 1


def test_a_failed_job_gives_its_reason_and_status_1(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"], "Failed", FailureReason="AlgorithmError: Channel valid has no pictures."
    )
    assert train.main([]) == 1
    assert "is Failed: AlgorithmError: Channel valid has no pictures." in capsys.readouterr().err


def test_a_stopped_job_is_not_a_success(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Stopped")
    assert train.main([]) == 1
    assert "is Stopped" in capsys.readouterr().err


def test_a_watch_outlives_throttling_and_tells_that_the_job_goes_on_when_the_credentials_expire(
    ready, monkeypatch, capsys
):
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    throttled = Refusal("ThrottlingException", "Rate exceeded")
    running = job("dogbreed-train-x", "InProgress", "Training")
    ready.answers["DescribeTrainingJob"] = [
        running,
        throttled,
        running,
        Refusal("ExpiredTokenException", "The token has expired."),
    ]
    assert train.main(["--job-name", "dogbreed-train-x"]) == 1
    said = capsys.readouterr().err
    assert "asking again" in said
    assert "`aws sso login`. dogbreed-train-x goes on all the same: watch it with make logs" in said


def test_a_log_that_may_not_be_read_does_not_keep_the_job_from_being_followed(ready, monkeypatch, capsys):
    def denied(self):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No."}}, "DescribeLogStreams")

    monkeypatch.setattr(LogTail, "streams", denied)
    assert train.main([]) == 0
    assert capsys.readouterr().err.count("the log cannot be shown") == 1


def test_a_job_that_ran_into_its_limit_says_so(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: job(
        request["TrainingJobName"], "Stopped", "MaxRuntimeExceeded"
    )
    assert train.main([]) == 1
    assert "is Stopped: MaxRuntimeExceeded" in capsys.readouterr().err


def test_ctrl_c_leaves_the_job_and_says_how_to_stop_it(ready, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "watch", interrupted)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 130
    assert (
        "dogbreed-train-x keeps running" in (said := capsys.readouterr().err)
        and "make stop ARGS=dogbreed-train-x" in said
    )
    assert ready.made() == ["CreateTrainingJob"]


def test_following_a_job_that_is_not_there_is_a_sentence(sagemaker, aws):
    sagemaker.answers["DescribeTrainingJob"] = Refusal("ValidationException", "Requested resource not found.")
    with pytest.raises(Failure, match="There is no training job gone"):
        watch(Aws(load_settings()), TRAINING, "gone")
