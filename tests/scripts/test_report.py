"""make report: the newest training job's report or a named one's, out of its archive and nothing else; and what keeps
one away.
"""

import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts import report
from scripts.console import terminal
from tests.scripts.sagemaker_stand_in import Refusal

JOB = "dogbreed-train-20261126-061204-123"
RECORD = {
    "status": "Completed",
    "seconds": 1873.4,
    "best_epoch": 2,
    "epochs": [{"epoch": 1}, {"epoch": 2, "valid_accuracy": 0.871, "valid_loss": 0.6}],
    "evaluation": {"split": "test", "n": 836, "loss": 0.512, "top1": 0.87, "top1_interval_95": [0.846, 0.891]},
    "rules": [{"rule": "Overfit", "status": "IssuesFound"}, {"rule": "DeadRelu", "status": "NoIssuesFound"}],
}


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def opened(monkeypatch):
    """Addresses that a browser was asked for; there is a display."""
    addresses = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(terminal.webbrowser, "open", addresses.append)
    return addresses


@pytest.fixture
def put(aws, bucket):
    """Put a job's output.tar.gz of these members: names, and contents or a link's target."""

    def put_archive(members: dict[str, bytes | str], job: str = JOB):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                if isinstance(content, str):
                    member.type, member.linkname = tarfile.SYMTYPE, content
                    archive.addfile(member)
                else:
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        put_bytes(packed.getvalue(), job)

    def put_bytes(content: bytes, job: str = JOB):
        aws.client("s3").put_object(Bucket=bucket, Key=f"dogbreed/jobs/{job}/output/output.tar.gz", Body=content)

    put_archive.bytes = put_bytes
    return put_archive


@pytest.fixture
def job(sagemaker, bucket):
    """The training jobs of the account: `job(status)` makes the newest one."""

    def describe(status: str = "Completed", name: str = JOB, path: str = f"s3://{bucket}/dogbreed/jobs"):
        sagemaker.answers["ListTrainingJobs"] = {
            "TrainingJobSummaries": [
                {"TrainingJobName": name, "TrainingJobArn": "a", "CreationTime": 2, "TrainingJobStatus": status},
                {
                    "TrainingJobName": "dogbreed-train-20261125-061204-123",
                    "TrainingJobArn": "a",
                    "CreationTime": 1,
                    "TrainingJobStatus": "Completed",
                },
            ]
        }
        sagemaker.answers["DescribeTrainingJob"] = lambda request: {
            "TrainingJobName": request["TrainingJobName"],
            "TrainingJobArn": "a",
            "TrainingJobStatus": status,
            "OutputDataConfig": {"S3OutputPath": path},
        }

    return describe


def whole(record: dict = RECORD) -> dict[str, bytes]:
    return {"report.html": b"<!doctype html>", "report.json": json.dumps(record).encode(), "evaluation.json": b"{}"}


def test_the_newest_jobs_report_is_brought_and_opened(job, put, opened, capsys):
    job()
    put(whole())
    assert report.main([]) == 0
    page = Path("out/reports") / JOB / "report.html"
    assert page.read_bytes() == b"<!doctype html>" and json.loads(page.with_name("report.json").read_bytes()) == RECORD
    assert sorted(file.name for file in page.parent.iterdir()) == ["report.html", "report.json"]
    assert capsys.readouterr().out.splitlines() == [
        "Completed: test accuracy 87.0% (95% interval 84.6% to 89.1%, 836 pictures), test loss 0.512, valid accuracy "
        "87.1% after epoch 2, "
        "time 31:13, 1 issue found",
        f"page: {page}",
    ]
    assert opened == [page.absolute().as_uri()]


SUMMARY = [
    {"title": "How good it is", "sentences": ["The model names 87.0% of 836 test pictures correctly."]},
    {"title": "What to try next", "sentences": ["It still improved.", "Collect more pictures of 1_A&B."]},
]


def test_what_the_page_begins_with_is_told_here_too(job, put, opened, capsys):
    job()
    put(whole(RECORD | {"summary": SUMMARY}))
    assert report.main([]) == 0
    told = [
        "How good it is: The model names 87.0% of 836 test pictures correctly.",
        "What to try next:",
        "  1. It still improved.",
        "  2. Collect more pictures of 1_A&B.",
        f"page: out/reports/{JOB}/report.html",
    ]
    assert capsys.readouterr().out.splitlines() == told
    stopped = {"status": "Stopped", "reason": "StopTrainingJob was asked for."}
    put(whole(RECORD | stopped | {"summary": SUMMARY}))
    assert report.main(["--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-6:] == ["Stopped: StopTrainingJob was asked for.", *told]
    assert json.loads(shown.out)["summary"] == SUMMARY


def test_a_named_jobs_report_is_brought(job, put, opened):
    job()
    put(whole(), "dogbreed-tune-x-003-1a2b3c4d")
    assert report.main(["dogbreed-tune-x-003-1a2b3c4d"]) == 0
    assert Path("out/reports/dogbreed-tune-x-003-1a2b3c4d/report.html").is_file()


def test_a_second_time_the_new_report_takes_the_place_of_the_old(job, put, opened):
    job()
    put(whole())
    report.main([])
    put(whole() | {"report.html": b"newer"})
    assert report.main([]) == 0
    assert Path(f"out/reports/{JOB}/report.html").read_bytes() == b"newer"


@pytest.mark.parametrize("arguments, display", [(["--no-open"], ":0"), ([], "")])
def test_no_browser_is_opened_where_none_is_wanted_or_could_be_seen(job, put, opened, monkeypatch, arguments, display):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(terminal.sys, "platform", "linux")
    job()
    put(whole())
    assert report.main(arguments) == 0
    assert opened == []


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_did_not_complete_may_have_a_report(job, put, opened, capsys, status):
    job(status)
    put(
        whole(
            {
                "status": status,
                "reason": "The training loss of epoch 2 is nan.",
                "epochs": [{"epoch": 1, "train_loss": "NaN"}],
            }
        )
    )
    assert report.main([]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{status}: The training loss of epoch 2 is nan."


@pytest.mark.parametrize("status", ["InProgress", "Stopping"])
def test_a_job_that_still_runs_is_a_sentence(job, capsys, status):
    job(status)
    assert report.main([]) == 1
    said = capsys.readouterr().err
    assert (
        f"{JOB} is {status}, and its report comes when it has ended" in said
        and f'make logs ARGS="{JOB} --follow"' in said
    )


def test_no_job_at_all_is_a_sentence(sagemaker, capsys):
    assert report.main([]) == 1
    assert "dogbreed has no training job in eu-west-1. Run `make train`." in capsys.readouterr().err


def test_a_job_that_is_not_there_is_a_sentence(sagemaker, capsys):
    sagemaker.answers["DescribeTrainingJob"] = Refusal("ValidationException", "Requested resource not found.")
    assert report.main(["dogbreed-train-x"]) == 1
    assert "There is no training job dogbreed-train-x in eu-west-1" in capsys.readouterr().err


def test_a_job_without_output_is_a_sentence(job, capsys):
    job("Failed")
    assert report.main([]) == 1
    assert (
        f"{JOB} is Failed and left no report: there is no s3://some-bucket/dogbreed/jobs/{JOB}/output/output.tar.gz"
        in capsys.readouterr().err
    )


def test_an_archive_without_a_report_is_a_sentence(job, put, capsys):
    job()
    put({"evaluation.json": b"{}"})
    assert report.main([]) == 1
    assert (
        f"{JOB} left no report.html in s3://some-bucket/dogbreed/jobs/{JOB}/output/output.tar.gz"
        in capsys.readouterr().err
    )
    assert not Path("out").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08cut off"])
def test_a_broken_archive_is_a_sentence(job, put, capsys, content):
    job()
    put.bytes(content)
    assert report.main([]) == 1
    assert "output.tar.gz is not a sound .tar.gz" in capsys.readouterr().err


def test_links_and_members_elsewhere_are_not_taken(job, put, capsys, tmp_path):
    job()
    (tmp_path / "secret").write_text("secret")
    put({"report.html": str(tmp_path / "secret"), "../report.html": b"outside", "/tmp/report.html": b"outside"})
    assert report.main([]) == 1
    assert "left no report.html" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
