"""The rows of a comparison: what differs between the runs, their figures, and what is the same in all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import partial

from scripts.comparison.figures import KINDS, kind_of
from scripts.comparison.run import Run
from scripts.tuning.table import shown_value

NOT_GIVEN = "–"


@dataclass(frozen=True)
class Cell:
    """note: stands behind the text, smaller. is_best: of all runs."""

    text: str
    note: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """cells: one for each run. differs: whether it is a hyperparameter that is not the same in all of them."""

    label: str
    cells: tuple[Cell, ...]
    differs: bool = False


@dataclass(frozen=True)
class Group:
    """is_quiet: what there is nothing to compare in."""

    title: str
    rows: tuple[Row, ...]
    is_quiet: bool = False


def groups(runs: Sequence[Run]) -> list[Group]:
    """In the order in which they are shown; a group without rows is left out."""
    every = hyperparameter_rows(runs)
    differing, same = [row for row in every if row.differs], [row for row in every if not row.differs]
    found = [
        Group("Hyperparameters that differ", tuple(differing)),
        Group("Figures", tuple(figure_rows(runs))),
        Group("The job", tuple(job_rows(runs))),
        Group("Hyperparameters that are the same in all", tuple(same), True)
        if len(runs) > 1
        else Group("Hyperparameters", tuple(same)),
    ]
    return [group for group in found if group.rows]


def hyperparameter_rows(runs: Sequence[Run]) -> list[Row]:
    """By name. A value that only some of the runs have differs where a request has it; of a default it is not known."""
    rows = []
    for name in sorted({name for run in runs for name in run.hyperparameters}):
        values = [run.hyperparameters.get(name) for run in runs]
        texts = [NOT_GIVEN if value is None else shown_value(value) for value in values]
        known = {_comparable(value) for value in values if value is not None}
        differs = len(known) > 1 or (None in values and any(name in run.given for run in runs))
        if differs and len(set(texts)) == 1:  # the difference is beyond the digits that are shown
            texts = [value or NOT_GIVEN for value in values]
        rows.append(Row(name, tuple(Cell(text) for text in texts), differs))
    return rows


def figure_rows(runs: Sequence[Run]) -> list[Row]:
    """Those that any run has, ours before others'. The best is marked where two runs have one, and not all the same."""
    known = {name for run in runs for name in run.figures}
    rows = []
    for name in [*(one for one in KINDS if one in known), *sorted(known - set(KINDS))]:
        kind, found = kind_of(name), [run.figures.get(name) for run in runs]
        values = [figure.value for figure in found if figure]
        best = max(kind.sign * value for value in values) if kind.sign and len(set(values)) > 1 else None
        cells = [
            Cell(kind.shown(figure.value), figure.note, best is not None and kind.sign * figure.value == best)
            if figure
            else Cell(NOT_GIVEN)
            for figure in found
        ]
        rows.append(Row(kind.label, tuple(cells)))
    return rows


def job_rows(runs: Sequence[Run]) -> list[Row]:
    """Reasons and notes only where a run has one."""

    def row(label: str, text: Callable[[Run], str]) -> list[Row]:
        cells = tuple(Cell(text(run)) for run in runs)
        return [Row(label, cells)] if any(cell.text for cell in cells) else []

    facts = dict.fromkeys(name for run in runs for name in run.facts)
    return [
        *row("status", lambda run: run.status),
        *row("reason", lambda run: run.reason),
        *row("note", lambda run: " ".join(run.notes)),
        *(one for name in facts for one in row(name, partial(_fact, name))),
        *row("made, UTC", lambda run: run.made.astimezone(UTC).strftime("%Y-%m-%d %H:%M")),
    ]


def _fact(name: str, run: Run) -> str:
    return run.facts.get(name, "")


def _comparable(value: str) -> float | str:
    """1e-3 and 0.001 are the same."""
    try:
        return float(value)
    except ValueError:
        return value
