"""Whatever AWS, the network or a user's mistake bring is a sentence and status 1; and no program knows where it
runs.
"""

import ast
import importlib
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, UnauthorizedSSOTokenError

from scripts import status, train
from scripts.aws.waiting import LONGEST_TROUBLE, answers, moments
from scripts.console.failure import Failure, ends_with_a_sentence, explain
from scripts.console.parallel import in_parallel

SCRIPTS = Path(__file__).parents[2] / "scripts"
VERBS = ("push", "upload", "train", "deploy", "predict", "transform", "logs", "status", "stop", "delete")


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Not so."}}, "CreateEndpoint")


@pytest.mark.parametrize(
    "code, step",
    [
        ("AccessDeniedException", "Give these credentials that permission."),
        ("ExpiredTokenException", "Log in again, as with `aws sso login`."),
        ("ResourceLimitExceeded", "Choose another instance type"),
        ("Whatever", "Not so (Whatever)."),
    ],
)
def test_a_refusal_names_the_operation_the_reason_and_the_next_step(code, step):
    assert explain(refused(code)).startswith(f"AWS refused CreateEndpoint: Not so ({code}).")
    assert step in explain(refused(code))


@pytest.mark.parametrize(
    "error, status_",
    [
        (Failure("A sentence."), 1),
        (refused("Any"), 1),
        (EndpointConnectionError(endpoint_url="x"), 1),
        (KeyboardInterrupt(), 130),
        (PermissionError(13, "Permission denied", "dog.jpg"), 1),
        (UnauthorizedSSOTokenError(), 1),
    ],
)
def test_a_program_ends_with_a_status_and_no_traceback(error, status_, capsys):
    @ends_with_a_sentence
    def main(arguments):
        raise error

    assert main([]) == status_
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_not_hidden_as_a_sentence():
    @ends_with_a_sentence
    def main(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main([])


def test_no_credentials_no_region_and_no_network_are_sentences(aws, monkeypatch, capsys):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert status.main([]) == 1
    assert "No AWS credentials were found. Set AWS_ACCESS_KEY_ID" in capsys.readouterr().err
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert status.main([]) == 1
    assert "Could not connect to the endpoint URL" in (said := capsys.readouterr().err) and "AWS_ENDPOINT_URL" in said
    monkeypatch.delenv("AWS_REGION")
    assert train.main([]) == 1
    assert "No AWS region is set. Set AWS_REGION" in capsys.readouterr().err


def test_a_wrong_setting_ends_every_program_before_it_asks_anything(aws, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_VOLUME_GB", "much")
    for verb in VERBS:
        words = {"upload": ["."], "predict": [__file__], "transform": ["s3://x/y"]}.get(verb, [])
        assert importlib.import_module(f"scripts.{verb}").main(words) == 1
        assert "SAGEMAKER_TRAIN_VOLUME_GB must be a whole number" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_option_is_a_usage_error(verb):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"scripts.{verb}").main(["--no-such-option"])
    assert ended.value.code == 2


@pytest.mark.parametrize("verb", VERBS)
def test_a_program_that_changes_something_can_be_asked_what_it_would_do(verb, capsys):
    with pytest.raises(SystemExit):
        importlib.import_module(f"scripts.{verb}").main(["--help"])
    assert ("--dry-run" in capsys.readouterr().out) == (verb not in ("logs", "status"))


OWN_PAGE = SCRIPTS / "try_page/server.py"  # serves a page under addresses of this machine; AWS is asked elsewhere


def test_no_script_knows_an_address_or_asks_whether_it_runs_locally():
    for file in SCRIPTS.rglob("*.py"):
        tree = ast.parse(file.read_text())
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, (ast.Name, ast.Attribute)):
                assert "local" not in (node.id if isinstance(node, ast.Name) else node.attr).lower(), file
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                addresses = () if file == OWN_PAGE else ("localhost", "127.0.0.1")
                assert not any(word in node.value for word in (*addresses, "moto")), file


def test_waiting_begins_at_half_a_second_and_never_waits_longer_than_five():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    for passed in moments(lambda: now[0], sleep):
        if passed > 300:
            break
    assert slept[0] == 0.5 and max(slept) == 5 and slept == sorted(slept)
    assert len(slept) < 120


def told(*said):
    """A question that is answered with these in turn: a value, or an error that is raised."""
    left = list(said)

    def ask():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def test_a_cut_network_and_a_throttling_service_are_told_once_and_waited_for(capsys):
    ask = told("a", refused("ThrottlingException"), EndpointConnectionError(endpoint_url="x"), "b")
    # strict=False: it goes on for ever.
    assert list(zip(range(2), answers(ask, iter(range(4))), strict=False)) == [(0, (0, "a")), (1, (3, "b"))]
    assert capsys.readouterr().err.count("asking again") == 1


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "ValidationException"])
def test_what_does_not_pass_ends_a_wait_at_once(code):
    with pytest.raises(ClientError):
        list(answers(told(refused(code), "never"), iter(range(9))))


def test_trouble_that_does_not_end_ends_a_wait():
    with pytest.raises(ClientError):
        list(answers(told(*[refused("ThrottlingException")] * 3), iter([0, LONGEST_TROUBLE, LONGEST_TROUBLE + 1])))


def test_results_come_in_order_and_only_some_are_begun_ahead():
    begun = []
    found = in_parallel(lambda n: begun.append(n) or n * 2, range(1000), 4)
    assert [next(found) for _ in range(3)] == [0, 2, 4]
    assert len(begun) <= 32
    assert list(found) == [2 * n for n in range(3, 1000)]


def test_an_error_is_raised_and_ends_what_has_not_begun():
    begun = []

    def work(n):
        begun.append(n)
        if n == 3:
            raise Failure("three")

    with pytest.raises(Failure, match="three"):
        list(in_parallel(work, range(1000), 2))
    assert len(begun) < 50


def test_what_is_under_way_when_an_item_fails_is_waited_for_and_nothing_more_is_begun():
    begun, ended, failed = [], [], threading.Event()

    def work(n):
        begun.append(n)
        if n == 0:
            failed.set()
            raise Failure("none")
        failed.wait()
        time.sleep(0.05)  # and the error is there before this one ends
        ended.append(n)

    with pytest.raises(Failure, match="none"):
        list(in_parallel(work, range(1000), 4))
    assert sorted(ended) == sorted(set(begun) - {0}) and len(begun) < 20


def test_no_thread_outlives_the_last_result():
    before = set(threading.enumerate())
    assert list(in_parallel(str, range(9), 4)) == list("012345678")
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("interrupts_the_wait", [False, True])
def test_ctrl_c_waits_for_nothing_that_is_under_way(interrupts_the_wait):
    """Also while what is under way is waited for, after an item has failed."""
    code = (
        "import signal, sys, threading, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from scripts.console.failure import Failure, ends_with_a_sentence\n"
        "from scripts.console.parallel import in_parallel\n"
        "def work(n):\n    if n == 0 and len(sys.argv) > 1: raise Failure('no')\n"
        "    print(n, flush=True)\n    time.sleep(60)\n"
        "@ends_with_a_sentence\ndef main(arguments):\n    list(in_parallel(work, range(9), 2))\n"
        "sys.exit(main([]))"
    )
    words = [sys.executable, "-c", code, *(["fails"] if interrupts_the_wait else [])]
    with subprocess.Popen(words, cwd=SCRIPTS.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130 and b"interrupted" in running.stderr.read()


@pytest.mark.parametrize("waits_for", ["a result", "the threads after a failure"])
def test_ctrl_c_that_does_not_interrupt_the_main_threads_wait_is_not_lost(waits_for):
    """The signal goes to another thread, as it were to the main thread in the instant before its wait begins."""
    released = threading.Event()

    def work(n):
        if n == 0:
            if waits_for != "a result":
                raise Failure("none")
        elif n == 1:
            time.sleep(0.2)  # until the main thread waits
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        released.wait(30)

    started = time.monotonic()
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(in_parallel(work, range(2), 2))
    finally:
        signal.signal(signal.SIGINT, handler)
        released.set()
    assert time.monotonic() - started < 20


def test_a_request_that_hangs_is_not_waited_for():
    released = threading.Event()
    found = in_parallel(lambda n: released.wait() if n else n, range(9), 2)
    assert next(found) == 0
    started = time.monotonic()
    found.close()
    assert time.monotonic() - started < 5
    released.set()


def test_a_program_whose_reader_has_gone_ends_quietly():
    program = (
        "import sys; from scripts.console.failure import ends_with_a_sentence\n"
        "@ends_with_a_sentence\ndef main(arguments):\n    for n in range(100_000): print('a line')\n    return 0\n"
        "sys.exit(main([]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SCRIPTS.parent
    ) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1
