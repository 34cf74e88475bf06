"""The rows of a comparison: what differs comes first, equal values are equal however they are written, the best is
marked.
"""

import dataclasses

from scripts.comparison.figures import Figure
from scripts.comparison.rows import figure_rows, groups, hyperparameter_rows, job_rows
from tests.scripts.comparison.trainings import run


def texts(row):
    return [cell.text for cell in row.cells]


def test_what_differs_comes_first_and_is_marked():
    found = groups([run(1, lr="0.001", arch="resnet18"), run(2, lr="0.01", arch="resnet18")])
    assert [group.title for group in found] == [
        "Hyperparameters that differ",
        "Figures",
        "The job",
        "Hyperparameters that are the same in all",
    ]
    [lr] = found[0].rows
    assert lr.label == "lr" and lr.differs and texts(lr) == ["0.001", "0.01"]
    assert {row.label for row in found[3].rows} == {"arch", "epochs", "seed"}
    assert not any(row.differs for group in found[1:] for row in group.rows)


def test_the_same_number_written_in_two_ways_does_not_differ():
    [row] = [one for one in hyperparameter_rows([run(1, lr="1e-3"), run(2, lr="0.0010")]) if one.label == "lr"]
    assert not row.differs


def test_a_difference_beyond_the_shown_digits_is_shown_whole():
    [row] = [one for one in hyperparameter_rows([run(1, lr="0.123456"), run(2, lr="0.123457")]) if one.label == "lr"]
    assert row.differs and texts(row) == ["0.123456", "0.123457"]


def test_a_hyperparameter_that_one_run_does_not_have_differs():
    [row] = [one for one in hyperparameter_rows([run(1, ema="0.9"), run(2)]) if one.label == "ema"]
    assert row.differs and texts(row) == ["0.9", "–"]


def test_a_default_that_is_not_known_of_a_run_does_not_differ():
    refused = dataclasses.replace(run(2), hyperparameters={"lr": "fast"}, given=frozenset({"lr"}))
    differing = {row.label: row.differs for row in hyperparameter_rows([run(1), refused])}
    assert differing == {"lr": True, "epochs": False, "seed": False}


def test_a_single_run_differs_from_nothing():
    titles = [group.title for group in groups([run()])]
    assert titles == ["Figures", "The job", "Hyperparameters"]


def test_the_best_of_a_row_is_marked_high_for_accuracy_and_low_for_loss():
    first, second = run(1, top1=0.9), run(2, top1=0.8)
    second = dataclasses.replace(second, figures={**second.figures, "test_loss": Figure(0.1)})
    marked = {row.label: [cell.is_best for cell in row.cells] for row in figure_rows([first, second])}
    assert marked["test accuracy, top-1"] == [True, False] and marked["test loss"] == [False, True]
    assert marked["test accuracy, top-5"] == [False, False]  # all the same
    assert marked["training time, min:s"] == [False, False]


def test_figures_that_a_run_does_not_have_are_a_dash_and_others_metrics_come_last():
    foreign = dataclasses.replace(run(2), figures={"validation:auc": Figure(0.75)})
    rows = figure_rows([run(1), foreign])
    assert rows[-1].label == "validation:auc, last value" and texts(rows[-1]) == ["–", "0.75"]
    assert rows[0].label == "test accuracy, top-1" and texts(rows[0]) == ["87.0%", "–"]


def test_reason_and_note_have_a_row_only_where_there_is_one():
    plain, failed = run(1), dataclasses.replace(run(2), status="Failed", reason="lr is too large", notes=("Nothing.",))
    assert [row.label for row in job_rows([plain])] == ["status", "instance", "image", "made, UTC"]
    rows = {row.label: texts(row) for row in job_rows([plain, failed])}
    assert rows["reason"] == ["", "lr is too large"] and rows["note"] == ["", "Nothing."]
    assert rows["made, UTC"][0] == "2026-11-26 06:13" and rows["image"][0] == "dogbreed-train:a86989924225"
