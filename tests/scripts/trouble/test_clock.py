"""A clock that is off: AWS refuses the signature in many words, and the programs say what it is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.exceptions import ClientError

from scripts import status, upload
from scripts.console.diagnosis import clock_skew, skew_in_words
from scripts.console.failure import explain
from tests.scripts.trouble.error_answers import error_answer
from tests.scripts.trouble.sentences import one_sentence

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def refused(code: str, date: str | None) -> ClientError:
    headers = {"date": date} if date else {}
    response = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPHeaders": headers}}
    return ClientError(response, "PutObject")


@pytest.mark.parametrize(
    "service, operation, code, http_status",
    [
        ("s3", "ListObjectsV2", "RequestTimeTooSkewed", 403),
        ("sts", "GetCallerIdentity", "SignatureDoesNotMatch", 403),
        ("sagemaker", "ListTrainingJobs", "InvalidSignatureException", 400),
    ],
)
@pytest.mark.parametrize("ahead, words", [(-40, "40 minutes behind"), (26 * 60, "26 hours ahead of")])
def test_each_way_that_aws_says_it_ends_in_the_same_sentence(
    many_jobs, bucket, troubled, service, operation, code, http_status, ahead, words, capsys
):
    def answer(request):
        error = error_answer(service, code, "Signature expired: 20261130T112000Z is now earlier than", http_status)
        there = datetime.now(UTC) - timedelta(minutes=ahead)
        return error[0], {**error[1], "Date": format_datetime(there, usegmt=True)}, error[2]

    troubled.refuse(operation, "x").answer = answer
    assert status.main([]) == 1
    said = one_sentence(capsys)
    step = "Set this machine's clock, as with `timedatectl set-ntp true`."
    assert said.endswith(f"({code}). This machine's clock is {words} AWS's. {step}")
    assert len(troubled.made(operation)) == 1


def test_an_upload_that_s3_refuses_for_the_clock_says_what_has_arrived(aws, bucket, troubled, folder, capsys):
    troubled.refuse("PutObject", "RequestTimeTooSkewed", "The difference is too large.", status=403, after=3)
    assert upload.main([str(folder)]) == 1
    said = one_sentence(capsys)
    assert "Set this machine's clock" in said and "of 60 files have arrived and stay" in said


def test_a_wrong_secret_beside_a_right_clock_is_not_blamed_on_the_clock():
    right = format_datetime(datetime.now(UTC), usegmt=True)
    said = explain(refused("SignatureDoesNotMatch", right))
    assert "Check the credentials in the environment" in said and "clock is" not in said


@pytest.mark.parametrize("date", [None, "yesterday", ""])
def test_an_answer_that_tells_no_time_is_no_reason_to_fail(date):
    assert clock_skew(refused("RequestTimeTooSkewed", date)) is None
    assert explain(refused("RequestTimeTooSkewed", date)).endswith("`timedatectl set-ntp true`.")


@pytest.mark.parametrize(
    "code, minutes, found",
    [
        ("RequestTimeTooSkewed", 6, 6),
        ("RequestTimeTooSkewed", -6, -6),
        ("RequestTimeTooSkewed", 4, None),
        ("AccessDenied", 60, None),
    ],
)
def test_the_skew_is_how_far_this_clock_is_ahead(code, minutes, found):
    date = format_datetime(NOW - timedelta(minutes=minutes), usegmt=True)
    skew = clock_skew(refused(code, date), NOW)
    assert skew == (timedelta(minutes=found) if found else None)


def test_words_for_a_span():
    assert skew_in_words(timedelta(minutes=6)) == "6 minutes ahead of"
    assert skew_in_words(timedelta(days=-2)) == "48 hours behind"
