"""A comparison as lines of text: the runs by number, then a table whose columns are these numbers."""

from collections.abc import Sequence

from scripts.comparison.rows import Cell, Row, figure_rows, hyperparameter_rows
from scripts.comparison.run import Run

LONGEST_REASON = 100  # characters
LONGEST_CELL = 24
GAP = 2  # between columns


def lines(runs: Sequence[Run], width: int | None = None) -> list[str]:
    """width: of the terminal, in characters: more runs than fit are a second table below the first. None: no limit."""
    return [*_names(runs), "", *_tables(runs, width), *_same(runs)]


def _names(runs: Sequence[Run]) -> list[str]:
    longest, found = max(len(run.name) for run in runs), []
    for number, run in enumerate(runs, 1):
        said = " ".join(" ".join([run.reason, *run.notes]).split())
        said = said if len(said) <= LONGEST_REASON else f"{said[: LONGEST_REASON - 1]}…"
        found.append(f"{number:>2}  {run.name.ljust(longest)}  {run.status}{f': {said}' if said else ''}")
    return found


def _tables(runs: Sequence[Run], width: int | None) -> list[str]:
    rows = [row for row in hyperparameter_rows(runs) if row.differs] + figure_rows(runs)
    if not rows:
        return ["Nothing differs, and no figure was measured."]
    title = max(len(_label(row)) for row in rows)
    columns = [max(len(_text(row.cells[place])) for row in rows) for place in range(len(runs))]
    found: list[str] = []
    for block in _blocks(columns, title, width):
        if found:
            found.append("")
        numbers = "".join(f"{' ' * GAP}{str(place + 1).ljust(columns[place])}" for place in block)
        found.append(f"{' ' * title}{numbers}".rstrip())
        for row in rows:
            cells = "".join(f"{' ' * GAP}{_text(row.cells[place]).ljust(columns[place])}" for place in block)
            found.append(f"{_label(row).ljust(title)}{cells}".rstrip())
    return found


def _blocks(columns: list[int], title: int, width: int | None) -> list[list[int]]:
    """The columns that stand side by side, as many as fit and at least one."""
    found: list[list[int]] = [[]]
    used = title
    for place, column in enumerate(columns):
        if found[-1] and width is not None and used + GAP + column > width:
            found.append([])
            used = title
        found[-1].append(place)
        used += GAP + column
    return found


def _same(runs: Sequence[Run]) -> list[str]:
    count = sum(not row.differs for row in hyperparameter_rows(runs))
    if len(runs) < 2 or not count:
        return []
    return ["", f"≠ marks what differs, * the best. {count} hyperparameters are the same in all; the page has them."]


def _label(row: Row) -> str:
    return f"≠ {row.label}" if row.differs else f"  {row.label}"


def _text(cell: Cell) -> str:
    text = cell.text if len(cell.text) <= LONGEST_CELL else f"{cell.text[: LONGEST_CELL - 1]}…"
    return f"{text} *" if cell.is_best else text
