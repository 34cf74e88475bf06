"""Credentials end while a program runs: new ones are taken up where there are any; else it says what is kept."""

import datetime
import json
import stat
import sys

import pytest

from scripts import delete, deploy, status, train
from tests.scripts.training.jobs import job

EXPIRED = "The security token included in the request is expired"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"


def expire(troubled, key: str, *, after: int = 0, then=lambda: None, operation: str = "DescribeTrainingJob"):
    """From some request on this key has expired, for every service; `then` is what happens at that moment."""
    ended = []

    def has_ended(request):
        if not ended and len(troubled.made(operation)) > after:
            ended.append(True)
            then()
        return bool(ended) and request.key == key

    codes = {"s3": ("ExpiredToken", 400), "sts": ("ExpiredToken", 403)}

    for name in (operation, "DescribeTrainingJob", "DescribeLogStreams", "GetCallerIdentity", "ListObjectsV2"):
        service = {"GetCallerIdentity": "sts", "ListObjectsV2": "s3", "PutObject": "s3"}.get(name, "")
        code, http_status = codes.get(service, ("ExpiredTokenException", 400))
        troubled.refuse(name, code, EXPIRED, status=http_status, when=has_ended)


@pytest.mark.parametrize("operation", ["DescribeTrainingJob", "DescribeLogStreams"])
def test_in_a_log_tail_the_sentence_says_that_the_job_goes_on_and_how_to_follow_it(
    running_job, troubled, operation, capsys
):
    expire(troubled, "test", after=3, operation=operation)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == (
        f"error: AWS refused {operation}: {EXPIRED} (ExpiredTokenException). Log in again, as with `aws sso login`. "
        'dogbreed-train-x goes on all the same: watch it with make logs ARGS="dogbreed-train-x --follow", or stop it '
        "with make stop ARGS=dogbreed-train-x"
    )
    assert running_job.made() == ["CreateTrainingJob"]


def test_keys_that_somebody_renewed_in_the_file_are_taken_up(running_job, troubled, keys_in_a_file, capsys):
    expire(troubled, "OLD", after=3, then=lambda: keys_in_a_file("NEW"))
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    assert "error" not in (said := capsys.readouterr().err) and "asking again" not in said
    used = [one.key for one in troubled.made("DescribeTrainingJob")]
    assert used[0] == "OLD" and used[-1] == "NEW" and used == sorted(used, reverse=True)


def test_keys_of_another_account_are_not_taken_up(running_job, troubled, keys_in_a_file, monkeypatch, capsys):
    def somebody_else(request):
        body = (
            f'<GetCallerIdentityResponse xmlns="{STS}"><GetCallerIdentityResult><Account>999999999999</Account>'
            "<Arn>arn:aws:iam::999999999999:user/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
        return 200, {"Content-Type": "text/xml"}, body.encode()

    troubled.refuse("GetCallerIdentity", "x", when=lambda request: request.key == "NEW").answer = somebody_else
    expire(troubled, "OLD", after=3, then=lambda: keys_in_a_file("NEW"))
    assert train.main(["--job-name", "dogbreed-train-x"]) == 1
    assert "Log in again" in capsys.readouterr().err
    assert {one.key for one in troubled.made("DescribeTrainingJob")} == {"OLD"}


def test_keys_that_are_not_renewed_are_asked_about_once(running_job, troubled, keys_in_a_file, capsys):
    expire(troubled, "OLD", after=3)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 1
    assert EXPIRED in capsys.readouterr().err and len(troubled.made("DescribeTrainingJob")) <= 5


def write_config(monkeypatch, tmp_path, text: str):
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_credentials_with_an_end_are_renewed_before_it(running_job, troubled, monkeypatch, tmp_path):
    """As SSO's and a role's are: botocore asks where they come from, here a program, for the next ones."""
    program = tmp_path / "credentials.py"
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)).isoformat()
    program.write_text(
        "import json, pathlib\n"
        f"count = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "number = int(count.read_text()) + 1 if count.exists() else 0\n"
        "count.write_text(str(number))\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': f'KEY{number}', 'SecretAccessKey': 's', 'SessionToken': 't', "
        f"'Expiration': {soon!r}}}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    write_config(monkeypatch, tmp_path, f"[default]\ncredential_process = {sys.executable} {program}\n")
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    assert len({one.key for one in troubled.made("DescribeTrainingJob")}) > 3


def test_a_role_whose_source_was_renewed_goes_on(running_job, troubled, keys_in_a_file, monkeypatch, tmp_path):
    keys_in_a_file("OLD")
    credentials = tmp_path / "credentials"
    credentials.write_text(credentials.read_text().replace("[default]", "[source]"))
    write_config(
        monkeypatch,
        tmp_path,
        "[profile work]\nrole_arn = arn:aws:iam::123456789012:role/work\nsource_profile = source\n",
    )
    monkeypatch.setenv("AWS_PROFILE", "work")
    assumed = []

    def assume(request):
        assumed.append(request.key)
        soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = (
            f'<AssumeRoleResponse xmlns="{STS}"><AssumeRoleResult><Credentials><AccessKeyId>ROLE{len(assumed)}'
            "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
            f"<Expiration>{soon}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
        return 200, {"Content-Type": "text/xml"}, body.encode()

    def renew():
        keys_in_a_file("NEW")
        credentials.write_text(credentials.read_text().replace("[default]", "[source]"))

    expire(troubled, "OLD", after=2, then=renew)
    troubled.refuse(
        "AssumeRole",
        "ExpiredToken",
        EXPIRED,
        status=403,
        when=lambda request: request.key == "OLD" and len(troubled.made("DescribeTrainingJob")) > 2,
    )
    troubled.refuse("AssumeRole", "x").answer = assume
    # The role's own keys are refused too, once its source has ended.
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    assert "OLD" in assumed and "NEW" in assumed


def test_the_end_of_a_job_counts_even_when_its_last_lines_cannot_be_read(running_job, troubled, capsys):
    running_job.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Completed")
    troubled.refuse("DescribeLogStreams", "ExpiredTokenException", EXPIRED, after=1)
    assert train.main(["--job-name", "dogbreed-train-x"]) == 0
    shown = capsys.readouterr()
    assert "warning: the log's last lines are in make logs ARGS=dogbreed-train-x." in shown.err
    assert "dogbreed-train-x is Completed" in shown.out


@pytest.mark.parametrize("program, words", [(status, []), (delete, ["--yes"]), (deploy, [])])
def test_any_program_says_to_log_in_and_to_run_it_again(many_jobs, bucket, troubled, program, words, capsys):
    for operation, code in (("GetCallerIdentity", "ExpiredToken"), ("ListTrainingJobs", "ExpiredTokenException")):
        troubled.refuse(operation, code, EXPIRED, status=403)
    assert program.main(words) == 1
    said = capsys.readouterr().err
    assert said.endswith("Log in again, as with `aws sso login`. Then run the same command again.\n")
    assert "Traceback" not in said and said.count("error: ") == 1 and json.dumps(EXPIRED)[1:-1] in said
