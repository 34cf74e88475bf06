"""A comparison in the terminal: whole in a pipe, in blocks that fit on a screen."""

import dataclasses

import pytest

from scripts.comparison.text import lines
from tests.scripts.comparison.trainings import name_of, run


def test_runs_by_number_then_what_differs_and_the_figures():
    found = lines([run(1, lr="0.001", top1=0.8), run(2, lr="0.01")])
    assert found[:2] == [f" 1  {name_of(1)}  Completed", f" 2  {name_of(2)}  Completed"]
    table = {line[2:].partition("  ")[0]: line for line in found[3:]}
    assert table["lr"].startswith("≠ lr ") and table["lr"].split()[-2:] == ["0.001", "0.01"]
    assert table["test accuracy, top-1"].split()[-3:] == ["80.0%", "87.0%", "*"]
    assert found[-1] == "≠ marks what differs, * the best. 2 hyperparameters are the same in all; the page has them."


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_of_the_table_is_wider_than_the_screen_and_every_run_is_there(width):
    runs = [run(number, lr=f"0.0{number:02}") for number in range(1, 13)]
    found = lines(runs, width)
    table = found[len(runs) + 1 : -2]
    assert all(len(line) <= width for line in table)
    numbers = [int(word) for line in table for word in line.split() if line.replace(" ", "").isdigit()]
    assert numbers == list(range(1, 13))


def test_a_run_that_failed_says_why_in_its_line_shortened():
    failed = dataclasses.replace(run(2), status="Failed", reason="AlgorithmError: " + "x" * 500)
    line = lines([run(1), failed])[1]
    assert "Failed: AlgorithmError: xxx" in line and line.endswith("…") and len(line) < 170


def test_runs_of_which_nothing_is_known_are_a_sentence():
    nothing = dataclasses.replace(run(), hyperparameters={}, figures={}, series={}, notes=("It left no figures.",))
    assert lines([nothing]) == [
        f" 1  {name_of(1)}  Completed: It left no figures.",
        "",
        "Nothing differs, and no figure was measured.",
    ]
