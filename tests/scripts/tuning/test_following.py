"""Following a tuning job: its trials as they go, how it ends, and the files that it leaves."""

import json
import re
import sys

import pytest
from botocore.config import Config

from scripts import logs, tune
from scripts.aws import clients as aws_module
from scripts.aws.clients import Aws
from scripts.config.settings import load_settings
from scripts.console.terminal import Printable
from scripts.tuning.result import FOLDER
from scripts.tuning.watch import _Live, watch_tuning
from tests.scripts.console.documented import fields
from tests.scripts.sagemaker_stand_in import Refusal
from tests.scripts.tuning.jobs import many
from tests.scripts.tuning.service import DONE, Service


def test_the_best_trial_is_told_with_its_model_and_the_next_step(ready, capsys):
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert lines[0].split() == ["trial", "status", "valid_accuracy", "lr", "batch-size", "time"]
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["*", "002-00000002"],
        ["001-00000001", "Completed"],
        ["003-00000003", "Failed"],
    ]
    assert (
        "dogbreed-tune-x: Completed after 12:30, 3 trials (2 Completed, 1 Failed), best valid_accuracy=0.8300" in shown
    )
    assert "best: dogbreed-tune-x-002-00000002 valid_accuracy=0.8300 lr=0.002 batch-size=128" in shown
    assert "model: s3://some-bucket/dogbreed/jobs/dogbreed-tune-x-002-00000002/output/model.tar.gz" in shown
    assert (
        'next: make train ARGS="--from-tuning dogbreed-tune-x", or make deploy ARGS="--job '
        'dogbreed-tune-x-002-00000002"' in shown
    )


def test_a_best_trial_that_left_no_model_is_none_to_deploy(ready, capsys):
    ready.answers["DescribeTrainingJob"] = lambda request: {
        "TrainingJobName": request["TrainingJobName"],
        "TrainingJobStatus": "Stopped",
    }
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 0
    shown = capsys.readouterr().out
    assert (
        'next: make train ARGS="--from-tuning dogbreed-tune-x"\n' in shown
        and "model:" not in shown
        and "deploy" not in shown
    )


def test_what_was_found_is_left_in_files(ready):
    assert tune.main(["epochs=3", "--job-name", "dogbreed-tune-x"]) == 0
    folder = FOLDER / "dogbreed-tune-x"
    assert sorted(path.name for path in folder.iterdir()) == ["best.json", "page.html", "trials.json", "tuning.png"]
    assert json.loads((folder / "best.json").read_text()) == {
        "tuning_job": "dogbreed-tune-x",
        "job": "dogbreed-tune-x-002-00000002",
        "objective": {"name": "valid_accuracy", "value": 0.83},
        "hyperparameters": {"sagemaker_container_log_level": "30", "epochs": "3", "lr": "0.002", "batch-size": "128"},
        "model": "s3://some-bucket/dogbreed/jobs/dogbreed-tune-x-002-00000002/output/model.tar.gz",
    }
    trials = json.loads((folder / "trials.json").read_text())
    assert [(one["status"], one["objective"]) for one in trials] == [
        ("Completed", 0.71),
        ("Completed", 0.83),
        ("Failed", None),
    ]
    assert (
        trials[2]["failure"] == "AlgorithmError: lr is too large."
        and trials[0]["started"] == "2026-11-22T18:52:01+00:00"
    )
    assert (folder / "tuning.png").read_bytes()[:4] == b"\x89PNG" and "001-00000001" in (
        folder / "page.html"
    ).read_text()


def test_elsewhere_than_on_a_terminal_each_change_of_a_trial_is_a_line(ready, aws, capsys):
    Service(
        ready,
        [
            ("InProgress", []),
            ("InProgress", [("InProgress", None, "")]),
            ("InProgress", [("InProgress", None, "")]),
            ("InProgress", [("Completed", None, ""), ("InProgress", None, "")]),
            ("InProgress", [("Completed", 0.5, ""), ("Stopped", 0.4, "")]),
            ("Completed", [("Completed", 0.5, ""), ("Stopped", 0.4, "")]),
        ],
    )
    assert tune.main(["--job-name", "dogbreed-tune-x", "--no-wait"]) == 0
    assert [one.status for one in watch_tuning(aws, "dogbreed-tune-x").trials] == ["Completed", "Stopped"]
    said = [line.partition("] ")[2] for line in capsys.readouterr().err.splitlines() if line.startswith("[")]
    assert said == [
        "dogbreed-tune-x InProgress",
        "dogbreed-tune-x-001-00000001 InProgress lr=0.001 batch-size=64",
        "dogbreed-tune-x-001-00000001 Completed lr=0.001 batch-size=64",
        "dogbreed-tune-x-002-00000002 InProgress lr=0.002 batch-size=128",
        "dogbreed-tune-x-001-00000001 Completed valid_accuracy=0.5000 lr=0.001 batch-size=64 (the best so far)",
        "dogbreed-tune-x-002-00000002 Stopped valid_accuracy=0.4000 lr=0.002 batch-size=128",
        "dogbreed-tune-x Completed",
    ]


@pytest.fixture
def wide(terminal):
    """A terminal, whose stream is as a program's. It becomes stderr within the test, since pytest sets that anew."""
    made = terminal(30, 120)
    made.stream = Printable(made.stream)
    return made


def started(*words: str) -> None:
    assert tune.main(["--job-name", "dogbreed-tune-x", "--no-wait", *words]) == 0


def test_on_a_terminal_the_table_is_drawn_anew_in_its_place_and_taken_away_at_the_end(ready, aws, wide, monkeypatch):
    monkeypatch.setattr(sys, "stderr", wide.stream)
    steps = [
        ("InProgress", [("InProgress", None, "")]),
        ("InProgress", [("Completed", 0.5, ""), ("InProgress", None, "")]),
        DONE,
    ]
    Service(ready, steps)
    started()
    watch_tuning(aws, "dogbreed-tune-x")
    end = wide.shows(lambda text: "\x1b[?25h" in wide.came and "001-0000" not in text)
    costs, start = end.strip().splitlines()  # what was said before the table is all that is left
    assert "cost by the hour" in costs and start.startswith("started dogbreed-tune-x")
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", wide.came)
    for shown in (
        "dogbreed-tune-x: InProgress after",
        "   001-00000001  InProgress",
        "*  001-00000001  Completed   0.5000",
        "   002-00000002  InProgress",
        "*  002-00000002  Completed  0.8300",
    ):
        assert shown in drawn


def test_a_line_about_an_answer_that_did_not_come_stays_above_the_table(ready, monkeypatch, wide):
    monkeypatch.setattr(sys, "stderr", wide.stream)
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    Service(ready, [("InProgress", [("InProgress", None, "")]), DONE])
    started()
    describe = ready.answers["DescribeHyperParameterTuningJob"]
    ready.answers["DescribeHyperParameterTuningJob"] = [
        describe,
        Refusal("ThrottlingException", "Rate exceeded."),
        describe,
    ]
    watch_tuning(Aws(load_settings()), "dogbreed-tune-x")
    end = wide.shows(lambda text: "\x1b[?25h" in wide.came and "asking again" in text and "001-0000" not in text)
    assert end.strip().splitlines()[-1].startswith("no answer for now, asking again")


def test_on_a_low_terminal_the_rest_is_counted(ready, aws, terminal, monkeypatch):
    low = terminal(6, 120)
    monkeypatch.setattr(sys, "stderr", Printable(low.stream))
    live = _Live()
    live.show(many(40, 2), 1.0)
    shown = low.shows(lambda text: "earlier ones" in text)
    assert len(shown.strip().splitlines()) <= 5 and "and 3" in shown and "*" in shown
    live.clear()
    low.shows(lambda text: not text.strip())


def test_json_has_the_best_trial_and_all_the_others(ready, capsys):
    assert tune.main(["--job-name", "dogbreed-tune-x", "--json"]) == 0
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["job"], found["status"]) == ("dogbreed-tune-x", "Completed")
    assert {*found, *found["best"]} <= fields("tune")
    assert found["best"]["job"] == "dogbreed-tune-x-002-00000002" and found["best"]["objective"]["value"] == 0.83
    assert [one["status"] for one in found["trials"]] == ["Completed", "Completed", "Failed"]
    assert found["page"] == "out/tuning/dogbreed-tune-x/page.html" and "best: dogbreed-tune-x-002" in shown.err
    assert tune.main(["--job-name", "dogbreed-tune-y", "--json", "--no-wait"]) == 0
    assert json.loads(capsys.readouterr().out) == {"job": "dogbreed-tune-y", "status": "InProgress"}
    assert logs.main(["dogbreed-tune-y", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"]["job"] == "dogbreed-tune-y-002-00000002"


def test_a_tuning_job_whose_trials_all_failed_gives_the_first_reason(ready, capsys):
    trials = [("Failed", None, "AlgorithmError: no weights."), ("Failed", None, "AlgorithmError: other.")]
    Service(ready, [("Failed", trials)], failure="All failed.")
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    shown = capsys.readouterr()
    assert (
        "error: Every trial of dogbreed-tune-x failed. dogbreed-tune-x-001-00000001: AlgorithmError: no weights."
        in shown.err
    )
    assert "page: out/tuning/dogbreed-tune-x/page.html" in shown.out and "next:" not in shown.out
    assert not (FOLDER / "dogbreed-tune-x/best.json").exists() and (FOLDER / "dogbreed-tune-x/tuning.png").exists()


def test_a_tuning_job_that_was_stopped_leaves_what_it_found_and_is_not_a_success(ready, capsys):
    Service(ready, [("Stopped", [("Completed", 0.6, ""), ("Stopped", None, "")])])
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    shown = capsys.readouterr()
    assert "error: The tuning job dogbreed-tune-x is Stopped." in shown.err
    assert "best: dogbreed-tune-x-001-00000001" in shown.out and (FOLDER / "dogbreed-tune-x/best.json").exists()


@pytest.mark.parametrize(
    "step, failure, sentence",
    [
        (
            ("Failed", []),
            "ResourceLimitExceeded: 0 instances.",
            "is Failed without a best trial: ResourceLimitExceeded: 0 instances.",
        ),
        (("Completed", [("Completed", None, "")]), "", "is Completed without a best trial."),
    ],
)
def test_a_tuning_job_without_a_best_trial_is_no_success(ready, capsys, step, failure, sentence):
    Service(ready, [step], failure=failure)
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    assert f"error: The tuning job dogbreed-tune-x {sentence}" in capsys.readouterr().err


def test_ctrl_c_leaves_the_tuning_job_and_says_how_to_follow_and_stop_it(ready, monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "watch_tuning", interrupted)
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 130
    said = capsys.readouterr().err
    assert 'dogbreed-tune-x keeps running: watch it with make logs ARGS="dogbreed-tune-x --follow"' in said
    assert "make stop ARGS=dogbreed-tune-x" in said and not FOLDER.exists()


def test_expired_credentials_leave_the_tuning_job(ready, monkeypatch, capsys):
    monkeypatch.setattr(aws_module, "_CONFIG", Config(retries={"total_max_attempts": 1}))
    ready.answers["DescribeHyperParameterTuningJob"] = [
        Refusal("ResourceNotFound", "No."),
        Refusal("ExpiredTokenException", "The token has expired."),
    ]
    assert tune.main(["--job-name", "dogbreed-tune-x"]) == 1
    assert "`aws sso login`. dogbreed-tune-x goes on all the same" in capsys.readouterr().err


def test_logs_comes_back_to_a_tuning_job_that_runs_and_writes_what_one_that_has_ended_found(ready, capsys):
    service = Service(
        ready, [("InProgress", [("InProgress", None, "")]), ("InProgress", [("Completed", 0.7, "")]), DONE]
    )
    assert tune.main(["--no-wait", "--job-name", "dogbreed-tune-x"]) == 0
    capsys.readouterr()
    assert logs.main(["dogbreed-tune-x"]) == 0
    assert (
        "dogbreed-tune-x: InProgress after" in (shown := capsys.readouterr().out)
        and "001-00000001  InProgress" in shown
    )
    assert not FOLDER.exists()
    assert logs.main(["dogbreed-tune-x", "--follow"]) == 0
    assert "best: dogbreed-tune-x-002-00000002" in capsys.readouterr().out
    assert (FOLDER / "dogbreed-tune-x/page.html").exists() and service
