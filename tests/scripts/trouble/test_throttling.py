"""AWS throttles, or the connection is cut: the programs go on by themselves, or say in a sentence that they cannot."""

import pytest

from scripts import logs, status, stop, train
from tests.scripts.trouble.sentences import one_sentence

LISTS = ("ListTrainingJobs", "ListHyperParameterTuningJobs", "ListTransformJobs", "ListModels", "ListEndpointConfigs")


@pytest.mark.parametrize(
    "operation, code",
    [
        *((one, "ThrottlingException") for one in LISTS),
        ("ListTrainingJobs", "RequestLimitExceeded"),
        ("GetCallerIdentity", "Throttling"),
        ("DescribeRepositories", "TooManyRequestsException"),
        ("ListObjectsV2", "SlowDown"),
        ("ListObjectsV2", "InternalError"),
    ],
)
def test_status_of_many_jobs_outlives_throttling(many_jobs, bucket, troubled, slept, operation, code, capsys):
    troubled.refuse(operation, code, times=2, status=503 if operation == "ListObjectsV2" else None)
    assert status.main([]) == 0
    assert len(slept) == 2 and "dogbreed-train-9" in capsys.readouterr().out


def test_status_outlives_connections_that_are_reset(many_jobs, bucket, troubled, slept, capsys):
    for operation in ("ListTrainingJobs", "ListObjectsV2", "DescribeRepositories"):
        troubled.reset(operation, times=2)
    assert status.main([]) == 0
    assert len(slept) == 6 and "dogbreed-train-9" in capsys.readouterr().out


@pytest.mark.parametrize("program, operation", [(status, "ListTrainingJobs"), (stop, "ListTransformJobs")])
def test_throttling_that_does_not_end_is_a_sentence(many_jobs, bucket, troubled, program, operation, capsys):
    troubled.refuse(operation, "ThrottlingException", "Rate exceeded")
    assert program.main([]) == 1
    assert one_sentence(capsys) == (
        f"error: AWS refused {operation}: Rate exceeded (ThrottlingException). Run it again in a minute."
    )
    assert len(troubled.made(operation)) == 5


def test_a_login_page_in_the_place_of_aws_is_a_sentence(many_jobs, bucket, troubled, capsys):
    page = b"<html><body>Welcome to the hotel<br>Log in</body></html>"
    troubled.refuse("GetCallerIdentity", "x").answer = lambda request: (200, {"Content-Type": "text/html"}, page)
    assert status.main([]) == 1
    said = one_sentence(capsys)
    assert said.startswith("error: What answered is not AWS") and said.endswith("AWS_ENDPOINT_URL.")


def test_a_log_tail_outlives_throttling_faults_and_cuts_of_both_services(running_job, troubled, capsys):
    troubled.refuse("DescribeLogStreams", "ThrottlingException", after=1, times=5)
    troubled.refuse("DescribeTrainingJob", "ThrottlingException", after=2, times=5)
    troubled.reset("DescribeTrainingJob", after=9, times=5)
    troubled.refuse("DescribeTrainingJob", "InternalFailure", after=16, times=5, status=500)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    said = capsys.readouterr().err
    assert "no answer for now, asking again: AWS refused" in said and "Run it again" not in said
    assert running_job.made() == ["CreateTrainingJob"]


def test_following_a_log_outlives_the_same(running_job, troubled, capsys):
    troubled.refuse("DescribeLogStreams", "ServiceUnavailableException", times=5, status=503)
    assert logs.main(["dogbreed-train-x", "--follow"]) == 0
    assert "asking again" in capsys.readouterr().err
