"""make upload through S3's SlowDown, a network that breaks off, and credentials that end: nothing is sent twice."""

import pytest

from scripts import transform, upload
from scripts.aws import pace
from tests.scripts.trouble.sentences import one_sentence

EXPIRED = "The provided token has expired."


def stored(aws, bucket, prefix="dogbreed/data/"):
    return aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])


@pytest.fixture
def put(aws, bucket, troubled, folder):
    """Runs upload; its status."""
    return lambda: upload.main([str(folder)])


def test_where_s3_asks_for_less_fewer_files_are_sent_at_once_until_all_are_there(put, aws, bucket, troubled, capsys):
    troubled.busy_above = 3
    assert put() == 0
    assert len(stored(aws, bucket)) == 60
    said = capsys.readouterr().err
    assert said.count("going on more slowly: AWS refused PutObject") == 1 and "Run it again" not in said
    first, last = troubled.puts_at_once[:60], troubled.puts_at_once[-20:]
    assert sum(last) / len(last) < sum(first) / len(first)


def test_a_network_that_breaks_off_costs_nothing_but_time(put, aws, bucket, troubled, capsys):
    troubled.reset("PutObject", after=5, times=60)
    assert put() == 0
    assert len(stored(aws, bucket)) == 60
    assert "going on more slowly: Connection was closed" in capsys.readouterr().err


@pytest.mark.parametrize("code, status", [("InternalError", 500), ("RequestTimeout", 400), ("ServiceUnavailable", 503)])
def test_faults_of_s3_are_gone_on_after(put, aws, bucket, troubled, code, status):
    troubled.refuse("PutObject", code, status=status, times=60)
    assert put() == 0
    assert len(stored(aws, bucket)) == 60


def test_trouble_that_does_not_end_is_a_sentence_and_what_has_arrived_stays(
    put, aws, bucket, troubled, monkeypatch, capsys
):
    monkeypatch.setattr(pace, "LONGEST_TROUBLE", 0.2)
    busy = {"status": 503, "after": 20, "when": lambda request: request.key == "test"}
    troubled.refuse("PutObject", "SlowDown", "Please reduce your request rate.", **busy)
    assert put() == 1
    said = one_sentence(capsys)
    assert said.startswith("error: AWS refused PutObject: Please reduce your request rate (SlowDown).")
    assert said.endswith("20 of 60 files have arrived and stay. The same command sends only the rest.")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "later")
    assert put() == 0
    assert "40 files sent" in capsys.readouterr().out and len(stored(aws, bucket)) == 60


@pytest.mark.parametrize("code, status", [("ExpiredToken", 400), ("InvalidToken", 400), ("AccessDenied", 403)])
def test_credentials_that_end_in_the_middle_are_a_sentence_and_the_next_upload_sends_the_rest(
    put, aws, bucket, troubled, code, status, monkeypatch, capsys
):
    troubled.refuse("PutObject", code, EXPIRED, status=status, after=20, when=lambda request: request.key == "test")
    assert put() == 1
    said = one_sentence(capsys)
    assert said.startswith(f"error: AWS refused PutObject: {EXPIRED[:-1]} ({code}).")
    assert said.endswith("20 of 60 files have arrived and stay. The same command sends only the rest."), said
    assert ("Log in again, as with `aws sso login`." in said) == (code == "ExpiredToken")
    assert len(stored(aws, bucket)) == 20
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")
    assert put() == 0
    assert "40 files sent (" in capsys.readouterr().out and len(stored(aws, bucket)) == 60


def test_keys_that_somebody_renewed_meanwhile_are_taken_up_by_all_threads(put, aws, bucket, troubled, keys_in_a_file):
    ended = []

    def has_ended(request):
        if len(troubled.made("PutObject")) > 20 and not ended:
            ended.append(True)
            keys_in_a_file("NEW")
        return bool(ended) and request.key == "OLD"

    troubled.refuse("PutObject", "ExpiredToken", EXPIRED, status=400, when=has_ended)
    assert put() == 0
    assert len(stored(aws, bucket)) == 60
    assert {one.key for one in troubled.made("PutObject")} == {"OLD", "NEW"}


def test_a_refusal_without_a_body_is_explained_where_files_are_compared(
    put, aws, bucket, troubled, monkeypatch, capsys
):
    """S3 answers HEAD with a status alone."""
    assert put() == 0
    capsys.readouterr()
    monkeypatch.setattr(upload, "md5", lambda content: "as with a key of KMS")
    troubled.refuse("HeadObject", "ExpiredToken", EXPIRED, status=400)
    assert put() == 1
    said = one_sentence(capsys)
    assert "AWS refused HeadObject: Bad Request (400)." in said and "`aws sso login`" in said


def test_an_upload_that_cannot_begin_says_what_to_do_and_sends_nothing(put, aws, bucket, troubled, capsys):
    troubled.refuse("GetCallerIdentity", "ExpiredToken", "The security token has expired", status=403)
    assert put() == 1
    assert one_sentence(capsys).endswith("Log in again, as with `aws sso login`. Then run the same command again.")
    assert not troubled.made("PutObject") and not stored(aws, bucket)


def test_pictures_of_a_transform_job_that_cannot_be_sent_start_none(
    aws, sagemaker, bucket, pushed_images, troubled, folder, capsys
):
    troubled.refuse("PutObject", "ExpiredToken", EXPIRED, status=400, after=5)
    words = [str(folder / "test/001.Beagle"), "--model-data", f"s3://{bucket}/dogbreed/model.tar.gz"]
    assert transform.main(words) == 1
    said = one_sentence(capsys)
    assert "of 20 files have arrived and stay. No job was started: run the same command again." in said
    assert sagemaker.made() == []
