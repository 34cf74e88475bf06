"""The table of `make doctor`: read by people, by screen readers, in a log; and checks that hang or fail."""

import time

import pytest

from contract.checks import run_checks
from contract.findings import SIGNS, has_problem, ok, problem, table, terminal_columns, warning

FINDINGS = [
    ok("disk", "80 GB are free."),
    warning("memory", "4 GB are there.", "Give the engine 8 GB."),
    problem("engine", "None answers.", "sudo systemctl start docker"),
]


def test_a_row_has_its_level_as_a_sign_and_as_a_word_and_its_next_step_below():
    assert table("This machine", FINDINGS, 100, "utf-8").splitlines() == [
        "This machine",
        "  ✓ ok       disk          80 GB are free.",
        "  ! warning  memory        4 GB are there.",
        "                           Next: Give the engine 8 GB.",
        "  ✗ problem  engine        None answers.",
        "                           Next: sudo systemctl start docker",
        "  1 problem, 1 warning, 1 ok",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_where_the_signs_cannot_be_written_the_words_say_it_all(encoding):
    text = table("This machine", FINDINGS, 100, encoding)
    assert not set(text) & {SIGNS["ok"], SIGNS["problem"]} and "  problem  engine" in text
    text.encode("ascii")


def test_long_text_goes_on_below_itself_and_what_is_to_be_copied_stays_whole():
    command = "sudo ufw allow from 172.17.0.0/16 to 172.17.0.1 comment " + "x" * 60
    text = table("T", [warning("firewall", "a word " * 30, command)], 80, "utf-8")
    lines = text.splitlines()[1:-1]
    assert all(line.startswith(" " * 27) for line in lines[1:]) and len(lines) > 4
    assert all(len(line) < 80 for line in lines if "xxx" not in line) and "x" * 60 in text


def test_on_a_phone_what_is_said_begins_below_its_subject():
    lines = table(
        "T", [warning("memory", "There are 4 GB, and 8 are wanted.", "Give it 8 GB.")], 40, "utf-8"
    ).splitlines()
    assert lines[1:-1] == ["  ! warning  memory", "    There are 4 GB, and 8 are wanted.", "    Next: Give it 8 GB."]


def test_the_columns_are_those_that_were_asked_for(monkeypatch):
    monkeypatch.setenv("COLUMNS", "47")
    assert terminal_columns() == 47


def test_only_a_problem_is_one():
    assert has_problem(FINDINGS) and not has_problem(FINDINGS[:2]) and not has_problem([])


def test_a_check_that_hangs_is_a_finding_and_nobody_waits_for_it():
    started = time.monotonic()
    found = run_checks({"slow": lambda: time.sleep(60) or [], "quick": lambda: [FINDINGS[0]]}, 0.3)
    assert time.monotonic() - started < 5
    assert [(one.level, one.subject) for one in found] == [("warning", "slow"), ("ok", "disk")]
    assert "no answer" in found[0].says and found[0].next_step


def test_a_check_that_fails_says_so_and_the_others_still_tell():
    def failing():
        raise ValueError("of all things")

    found = run_checks({"odd": failing, "quick": lambda: [FINDINGS[0]]}, 5)
    assert [one.subject for one in found] == ["odd", "disk"] and "ValueError: of all things" in found[0].says
