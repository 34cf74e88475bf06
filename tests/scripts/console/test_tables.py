"""Tables: one line for each row in a pipe, columns where a terminal has room for them, and a block for each row on a
phone.
"""

import io
import sys

import pytest

from scripts.console.tables import Table, print_table
from scripts.console.terminal import Printable

JOB = "dogbreed-train-20261122-185200-123"
TABLE = Table(
    ("kind", "name", "state", "made (UTC)", "costs"),
    [
        ("endpoint", "dogbreed", "InService", "2026-11-22 18:52", "by the hour, 1 instance"),
        ("training job", JOB, "Completed", "2026-11-22 18:52", ""),
    ],
    names=2,
)


def printed_on(screen, monkeypatch, table=TABLE):
    monkeypatch.setattr(sys, "stdout", Printable(screen.stream))
    print_table(table)
    print("end")
    text = screen.shows(lambda text: text.rstrip().endswith("end"))
    return [line for line in text.splitlines() if line and line != "end"]


def test_a_pipe_gets_a_line_for_each_row_in_full(monkeypatch):
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    print_table(TABLE)
    assert pipe.getvalue().splitlines() == [
        f"kind          name{' ' * 32}state      made (UTC)        costs",
        f"endpoint      dogbreed{' ' * 28}InService  2026-11-22 18:52  by the hour, 1 instance",
        f"training job  {JOB}  Completed  2026-11-22 18:52",
    ]


def test_a_wide_terminal_has_the_same_columns(terminal, monkeypatch):
    assert printed_on(terminal(24, 120), monkeypatch) == TABLE.lines()


def test_a_long_last_cell_goes_on_below_itself(terminal, monkeypatch):
    table = Table(("trial", "status", ""), [("001", "Failed", "the learning rate is too large for this batch")])
    assert printed_on(terminal(24, 50), monkeypatch, table) == [
        "trial  status",
        "001    Failed  the learning rate is too large for",
        "               this batch",
    ]


def test_a_last_cell_without_room_beside_its_row_is_below_it(terminal, monkeypatch):
    table = Table(
        ("", "trial", "status", "why"), [("*", "001", "Failed", "it is too large"), ("", "002", "Completed", "")]
    )
    assert printed_on(terminal(24, 24), monkeypatch, table) == [
        "   trial  status",
        "*  001    Failed",
        "   why it is too large",
        "   002    Completed",
    ]


def test_what_a_prefix_has_fits_80_columns(terminal, monkeypatch):
    assert printed_on(terminal(24, 80), monkeypatch) == [
        *(line.rstrip() for line in (TABLE.lines()[0].removesuffix("costs"), TABLE.lines()[1][:77])),
        f"{' ' * 14}costs by the hour, 1 instance",
        TABLE.lines()[2],
    ]


@pytest.mark.parametrize("columns", [70, 40])
def test_where_the_columns_have_no_room_each_row_is_a_block_and_names_stay_whole(terminal, monkeypatch, columns):
    lines = printed_on(terminal(24, columns), monkeypatch)
    assert all(len(line) <= columns for line in lines)
    assert lines[0] == "endpoint dogbreed"
    assert " ".join(line.strip() for line in lines[1:3]).startswith("state InService, made (UTC) 2026-11-22 18:52")
    assert any(JOB in line for line in lines), "a name that is cut in two cannot be copied"


def test_a_cell_cannot_move_the_terminal_and_its_brackets_are_no_markup(terminal, monkeypatch):
    screen = terminal(24, 80)
    table = Table(("name", "value"), [("a\x1b]0;owned\x07b\nc", "[bold]x[/bold] :dog:")])
    assert printed_on(screen, monkeypatch, table)[1] == "a\\x1b]0;owned\\x07b\\nc  [bold]x[/bold] :dog:"
    assert "\x1b]0" not in screen.came


def test_no_rows_are_a_line_of_titles():
    assert Table(("a", "b"), []).lines() == ["a  b"]
