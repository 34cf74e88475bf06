"""Waits say what they wait for and for how long: a moving line on a terminal, two lines elsewhere, and none for what is
quick.
"""

import io
import re
import signal
import subprocess
import sys
import time

import pytest

from contract import waits
from scripts import logs, predict, status
from scripts.console import waits as waits_module
from scripts.console.terminal import Printable
from scripts.console.waits import Progress, Wait
from scripts.new_project import CHECKOUT
from tests.scripts.sagemaker_stand_in import Refusal


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(waits, "SHORTEST", 0.0)


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_is_quick_needs_no_word(capsys):
    with Wait("the answer"):
        pass
    assert capsys.readouterr().err == ""


def test_a_pipe_gets_a_line_at_the_beginning_and_one_with_the_time_at_the_end(at_once, monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with Wait("the answer") as wait:
        until(lambda: pipe.getvalue())
        wait.says("never seen in a pipe")
    assert pipe.getvalue() == "waiting for the answer\nwaited 0:00 for the answer\n"


def test_a_wait_that_fails_leaves_the_last_word_to_the_error(at_once, monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with pytest.raises(ValueError), Wait("the answer"):
        until(lambda: pipe.getvalue())
        raise ValueError
    assert pipe.getvalue() == "waiting for the answer\n"


def test_a_wait_whose_caller_tells_it_adds_no_line_to_a_pipe(at_once, monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with Wait("the job", is_told=True) as wait:
        wait._timer.join(10)
    assert pipe.getvalue() == ""


def test_a_terminal_has_one_line_that_moves_below_the_others_and_is_gone_at_the_end(at_once, terminal, monkeypatch):
    of_80 = terminal(24, 80)
    monkeypatch.setattr(sys, "stderr", Printable(of_80.stream))
    with Wait("the endpoint dogbreed") as wait:
        shown = of_80.shows(lambda text: "the endpoint dogbreed" in text)
        assert re.fullmatch(r"\S the endpoint dogbreed  0:0\d", shown.strip()), shown
        print("a line", file=sys.stderr)
        wait.says("dogbreed: Creating")
        of_80.shows(lambda text: re.fullmatch(r"a line\n\S dogbreed: Creating  0:0\d", text.strip()))
    end = of_80.shows(lambda text: "Creating" not in text and of_80.shows_the_cursor)
    assert end.strip() == "a line"


def test_a_name_that_is_longer_than_a_phone_is_cut_and_the_time_stays(at_once, terminal, monkeypatch):
    phone = terminal(20, 40)
    monkeypatch.setattr(sys, "stderr", Printable(phone.stream))
    with Wait(f"the job {'x' * 80}\x1b]0;owned\x07"):
        shown = phone.shows(lambda text: "0:0" in text)
    assert len(shown.strip()) < 40 and "…  0:0" in shown and "\x1b]0" not in phone.came


@pytest.mark.parametrize("total, lines", [(1, 1), (18, 1), (8_351, 10)])
def test_a_log_gets_few_lines_of_progress_and_the_last_is_complete(total, lines):
    stream = io.StringIO()
    with Progress(total, "files sent", stream) as progress:
        for _ in range(total):
            progress.step()
    shown = stream.getvalue().splitlines()
    assert lines <= len(shown) <= lines + 1
    assert shown[-1] == f"{total:,} of {total:,} files sent"


def test_nothing_to_do_is_no_progress():
    stream = io.StringIO()
    with Progress(0, "files sent", stream):
        pass
    assert stream.getvalue() == ""


@pytest.mark.parametrize(("columns", "bar"), [(80, True), (40, False)])
def test_a_terminal_has_a_bar_where_there_is_room(terminal, columns, bar):
    screen = terminal(24, columns)
    with Progress(8_351, "files sent", screen.stream) as progress:
        progress.reach(4_000)
        shown = screen.shows(lambda text: "4,000 of 8,351 files sent" in text)
        assert ("━" in shown) is bar and re.search(r"0:0\d$", shown.strip()) and "\n" not in shown.strip()
    assert screen.shows(lambda text: "sent" not in text).strip() == ""


def test_a_cold_endpoint_is_waited_for_in_words(at_once, endpoint_in_service, tmp_path, monkeypatch, capsys):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    (tmp_path / "a.jpg").write_bytes(b"x")

    def invoke(headers, body):
        until(lambda: "waiting for" in pipe.getvalue())
        return {"predictions": [{"label": "Beagle", "probability": 0.9}]}

    endpoint_in_service.invoke = invoke
    assert predict.main([str(tmp_path / "a.jpg")]) == 0
    assert capsys.readouterr().out == " 90.00%  Beagle\n"
    assert re.fullmatch(
        r"waiting for the endpoint dogbreed\nwaited 0:\d\d for the endpoint dogbreed\n", pipe.getvalue()
    )


def test_a_job_without_a_line_in_its_log_shows_its_state_and_the_time_on_a_terminal(
    at_once, sagemaker, aws, terminal, monkeypatch
):
    of_80 = terminal(24, 80)
    monkeypatch.setattr(sys, "stderr", of_80.stream)
    looks = []

    def describe(request):
        looks.append(request)
        state = "Downloading" if len(looks) == 1 else "Completed"
        if len(looks) == 2:
            of_80.shows(lambda text: re.search(r"\S dogbreed-train-x: Downloading  0:0\d$", text.strip()))
        return {
            "TrainingJobName": "dogbreed-train-x",
            "TrainingJobStatus": "Completed" if state == "Completed" else "InProgress",
            "SecondaryStatus": state,
        }

    sagemaker.answers["DescribeTrainingJob"] = describe
    assert logs.main(["dogbreed-train-x", "--follow"]) == 0
    end = of_80.shows(lambda text: "] Completed" in text and "x: Completed" not in text)
    assert [line[7:] for line in end.strip().splitlines()] == ["Downloading", "Completed"]


def test_ctrl_c_ends_a_wait_with_130_and_leaves_the_terminal_as_it_was(terminal):
    of_80 = terminal(24, 80)
    code = (
        # A shell starts what is to run in the background with SIGINT ignored, and children inherit that.
        "import signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from contract import waits\nfrom scripts.console.failure import ends_with_a_sentence\n"
        "from scripts.console.waits import Wait\nwaits.SHORTEST = 0.0\n"
        "@ends_with_a_sentence\ndef main(arguments):\n    with Wait('the answer'):\n        time.sleep(60)\n"
        "sys.exit(main([]))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stderr=of_80.stream) as running:
        of_80.shows(lambda text: "the answer" in text)
        running.send_signal(signal.SIGINT)
        end = of_80.shows(lambda text: "interrupted" in text and "answer" not in text and of_80.shows_the_cursor)
    assert running.returncode == 130 and end.strip() == "interrupted"


def test_a_call_that_is_part_of_no_other_wait_is_said(at_once, endpoint_in_service, monkeypatch, capsys):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)

    def jobs(request):
        until(lambda: "waiting for the answer to ListTrainingJobs" in pipe.getvalue())
        return {"TrainingJobSummaries": []}

    endpoint_in_service.answers["ListTrainingJobs"] = jobs
    assert logs.main([]) == 1
    assert re.search(r"^waited 0:\d\d for the answer to ListTrainingJobs$", pipe.getvalue(), re.MULTILINE)
    assert not waits_module.is_waiting()


def test_calls_within_a_wait_are_not_said_apart(at_once, endpoint_in_service, monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)

    def jobs(request):
        until(lambda: "waiting for" in pipe.getvalue())
        raise Refusal("AccessDeniedException", "No.")

    endpoint_in_service.answers["ListTrainingJobs"] = jobs
    endpoint_in_service.answers |= {"ListEndpointConfigs": {"EndpointConfigs": []}, "ListModels": {"Models": []}}
    assert status.main([]) == 0
    said = pipe.getvalue()
    assert "waiting for what dogbreed has in eu-west-1\n" in said and "the answer to" not in said


def test_a_call_that_is_interrupted_leaves_no_wait(at_once, aws, monkeypatch):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    client = aws.client("sagemaker")
    client.meta.events.register("before-send.sagemaker", interrupted)
    try:
        assert logs.main([]) == 130
    finally:
        client.meta.events.unregister("before-send.sagemaker", interrupted)
    assert not waits_module.is_waiting()
