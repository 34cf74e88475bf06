"""Every program ends with 0 when it is done, 1 when it failed, 2 when it does not understand its command line, and 130
when it is interrupted; and --json has a document for each but the command line.
"""

import importlib
import json
import subprocess
import sys

import pytest

from scripts.console.document import document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.new_project import CHECKOUT

WORDS = {"upload": ["."], "predict": [__file__], "transform": ["s3://x/y"]}
WITH_SETTINGS = (
    *("push", "upload", "train", "tune", "report", "deploy", "predict", "transform", "logs", "status", "stop"),
    *("delete", "doctor", "try_endpoint"),
)
ALL = (*WITH_SETTINGS, "new_project", "download_data")


def program(verb):
    return importlib.import_module(f"scripts.{verb}")


@pytest.mark.parametrize("verb", ALL)
def test_a_command_line_that_is_not_understood_is_2_and_no_document(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        program(verb).main(["--json", "--no-such-option"])
    shown = capsys.readouterr()
    assert ended.value.code == 2 and shown.out == "" and "usage:" in shown.err


@pytest.mark.parametrize("verb", ALL)
def test_help_names_json(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        program(verb).main(["--help"])
    assert ended.value.code == 0 and "--json" in capsys.readouterr().out


@pytest.mark.parametrize("verb", WITH_SETTINGS)
def test_ctrl_c_is_130_and_said_in_the_document(verb, monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(program(verb), "load_settings", interrupted)
    assert program(verb).main(WORDS.get(verb, [])) == 130
    assert capsys.readouterr().err.endswith("interrupted\n")
    assert program(verb).main([*WORDS.get(verb, []), "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"] == "interrupted"


@pytest.mark.parametrize("verb", WITH_SETTINGS)
def test_a_failure_is_1_with_the_sentence_on_stderr_and_in_the_document(verb, aws, monkeypatch, capsys):
    monkeypatch.setenv("SAGEMAKER_TRAIN_VOLUME_GB", "much")
    assert program(verb).main([*WORDS.get(verb, []), "--json"]) == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    told = found["findings"][0]["says"] if verb == "doctor" else found["error"]
    assert "SAGEMAKER_TRAIN_VOLUME_GB must be a whole number" in told
    assert "SAGEMAKER_TRAIN_VOLUME_GB" in shown.err


def test_a_program_without_settings_fails_alike(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("no_proxy", "*")
    assert program("new_project").main(["No Name", "--json"]) == 1
    assert "cannot begin the names" in json.loads(capsys.readouterr().out)["error"]
    assert not (CHECKOUT.parent / "No Name").exists()
    assert program("download_data").main([str(tmp_path / "x.zip"), "--url", "http://127.0.0.1:9/x.zip", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert "cannot be reached" in found["error"] and found["file"] == str(tmp_path / "x.zip")


@ends_with_a_sentence
def finds_something(arguments):
    found = document("--json" in arguments)
    found.update(job="a", parts=[])
    print("a line for people")
    if "fail" in arguments:
        raise Failure("No more of it.")
    return 0


def test_the_lines_for_people_go_to_stderr_when_stdout_is_the_documents(capsys):
    assert finds_something([]) == 0
    assert capsys.readouterr() == ("a line for people\n", "")
    assert finds_something(["--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"job": "a", "parts": []} and shown.err == "a line for people\n"
    print("stdout is this program's again")
    assert capsys.readouterr().out == "stdout is this program's again\n"


def test_what_was_found_before_a_failure_is_in_the_document(capsys):
    assert finds_something(["--json", "fail"]) == 1
    assert json.loads(capsys.readouterr().out) == {"job": "a", "parts": [], "error": "No more of it."}
    assert finds_something(["fail"]) == 1
    assert capsys.readouterr() == ("a line for people\n", "error: No more of it.\n")


def test_a_document_whose_reader_has_gone_ends_quietly():
    code = (
        "import sys; from scripts.console.document import document\n"
        "from scripts.console.failure import ends_with_a_sentence\n"
        "@ends_with_a_sentence\ndef main(arguments):\n    document(True).update(text='x' * 10_000_000)\n    return 0\n"
        "sys.exit(main([]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=CHECKOUT
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1
