"""What make was given becomes the arguments of a program, and nothing of it is run."""

import subprocess
import sys

import pytest

from scripts.console.make import arguments


@pytest.mark.parametrize(
    "given, words",
    [
        ("", []),
        ("epochs=20  lr=0.001\tbatch-size=32", ["epochs=20", "lr=0.001", "batch-size=32"]),
        ("'rules=Overfit(patience=2):stop'", ["rules=Overfit(patience=2):stop"]),
        ("rules=Overfit(patience=2):stop", ["rules=Overfit(patience=2):stop"]),
        ('--range "lr = 1" a\\ b', ["--range", "lr = 1", "a b"]),
        (
            "`id` $(id) $HOME ~ * ; id | id && id > x # y",
            ["`id`", "$(id)", "$HOME", "~", "*", ";", "id", "|", "id", "&&", "id", ">", "x", "#", "y"],
        ),
    ],
)
def test_words_are_separated_as_a_shell_does_and_nothing_is_expanded(given, words):
    assert arguments(["--words", "ARGS"], {"ARGS": given}) == words


def test_a_path_is_one_argument_whatever_is_in_it():
    odd = "a `id` $(id);'\"\n b.jpg"
    assert arguments(["--path", "PICTURE", "--words", "ARGS"], {"PICTURE": odd, "ARGS": "--json"}) == [odd, "--json"]


def test_a_path_that_looks_like_an_option_is_a_path():
    assert arguments(["--path", "PICTURE"], {"PICTURE": "--json"}) == ["./--json"]


def test_a_variable_that_is_empty_or_missing_gives_no_argument():
    assert arguments(["--path", "DATA", "--value", "JOB", "--words", "ARGS"], {"DATA": "", "JOB": ""}) == []


def test_fixed_words_come_in_their_place():
    assert arguments(["--text", "out/data", "--words", "SAMPLE"], {"SAMPLE": "--breeds 3"}) == [
        "out/data",
        "--breeds",
        "3",
    ]


def test_a_quote_that_does_not_close_ends_in_a_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.console.make", "this", "--words", "ARGS"],
        env={"ARGS": "it's"},
        capture_output=True,
        text=True,
    )
    assert (
        done.returncode == 2
        and done.stderr
        == "error: ARGS=it's cannot be split into words (No closing quotation). Close the quotes, or write \\ before "
        "one.\n"
    )


def test_the_program_has_the_status_and_the_input_for_itself(tmp_path):
    (tmp_path / "program.py").write_text("import sys; print(sys.argv[1:], sys.stdin.read()); sys.exit(7)")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.console.make", "program", "--value", "JOB"],
        env={"JOB": "a b", "PYTHONPATH": str(tmp_path)},
        input="yes",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (7, "['a b'] yes\n")
