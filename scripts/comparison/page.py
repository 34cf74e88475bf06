"""The page of a comparison: a table with a column for each run, and a chart for each metric. One file without scripts,
nothing loaded from elsewhere.
"""

import math
from collections.abc import Callable, Sequence
from html import escape

from contract.metric_lines import METRICS, is_maximized
from scripts.comparison.chart import Line, chart, x_title
from scripts.comparison.rows import Cell, Group, Row, groups
from scripts.comparison.run import Run
from scripts.comparison.style import style_of
from scripts.console.make import make

MOST_CHARTS = 12
MOST_VALUES = 200  # rows of the table below a chart
_FIRST = ("valid_accuracy", "valid_loss", "train_loss")  # of the charts
_WITHOUT_CHART = ("seconds",)  # it says nothing of what was learned


def page(runs: Sequence[Run], heading: str, commands: Sequence[tuple[str, str]] = ()) -> str:
    """HTML. commands: what they are for, and the command, for whoever wants to see more."""
    more = "".join(f"<p>{escape(why)}</p><pre>{escape(command)}</pre>" for why, command in commands)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(heading)}</title>"
        "<meta name='viewport' content='width=device-width'><link rel='icon' href='data:,'>"
        f"<style>{style_of(len(runs))}</style></head><body>"
        f"<header><h1>{escape(heading)}</h1><p>{escape(_legend(runs))}</p></header>"
        f"<main><section aria-labelledby='table'><h2 id='table'>Side by side</h2>{_table(runs)}</section>"
        f"<section aria-labelledby='curves'><h2 id='curves'>Curves</h2>{_curves(runs)}</section>"
        f"<section aria-labelledby='more'><h2 id='more'>More of a run</h2>{more}"
        f"<p>The whole report of one: <code>{escape(make('report'))} JOB=name</code></p>"
        "</section></main></body></html>\n"
    )


def charted(runs: Sequence[Run]) -> list[str]:
    """The metrics that have a chart: those of which a run has two values or more."""
    known = {
        name
        for run in runs
        for name, series in run.series.items()
        if len(series.points) > 1 and name not in _WITHOUT_CHART
    }
    return [*(name for name in _FIRST if name in known), *sorted(known - set(_FIRST))]


def _legend(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return "One training: name more of them, or train again, to see them side by side."
    return "≠ marks a hyperparameter that differs, ★ the best of a row. A dash stands where there is none."


def _table(runs: Sequence[Run]) -> str:
    heads = "".join(
        f"<th scope='col' class='run-{number}'><span class='number'>{number}</span> {escape(run.name)}"
        f"{_unlike(run)}</th>"
        for number, run in enumerate(runs, 1)
    )
    bodies = "".join(_group(group, len(runs)) for group in groups(runs))
    return (
        "<div class='wide side' role='region' aria-label='The table, which scrolls' tabindex='0'><table>"
        "<caption class='hidden'>The trainings, one in each column</caption>"
        f"<thead><tr><th scope='col'>training</th>{heads}</tr></thead>{bodies}</table></div>"
    )


def _unlike(run: Run) -> str:
    """What is to be known of a run before its figures are read."""
    return "" if run.status == "Completed" else f"<small class='{escape(run.status)}'>{escape(run.status)}</small>"


def _group(group: Group, count: int) -> str:
    rows = "".join(_row(row) for row in group.rows)
    title = f"<th scope='rowgroup' colspan='{count + 1}'><span>{escape(group.title)}</span></th>"
    kind = " class='same'" if group.is_quiet else ""
    return f"<tbody{kind}><tr>{title}</tr>{rows}</tbody>"


def _row(row: Row) -> str:
    mark = "<span aria-hidden='true'>≠ </span><span class='hidden'>differs: </span>" if row.differs else ""
    return (
        f"<tr{' class=differs' if row.differs else ''}><th scope='row'>{mark}{escape(row.label)}</th>"
        f"{''.join(_cell(cell, row.label == 'status') for cell in row.cells)}</tr>"
    )


def _cell(cell: Cell, is_status: bool) -> str:
    look = " class='best'" if cell.is_best else f" class='{escape(cell.text, quote=True)}'" if is_status else ""
    star = " <span aria-hidden='true'>★</span><span class='hidden'>(the best)</span>" if cell.is_best else ""
    note = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    return f"<td{look}>{escape(cell.text)}{star}{note}</td>"


def _curves(runs: Sequence[Run]) -> str:
    found = charted(runs)
    if not found:
        return "<p>None of these trainings has two values of a metric, so there is no curve to draw.</p>"
    left_out = len(found) - MOST_CHARTS
    rest = f"<p>{left_out} more metrics are left out.</p>" if left_out > 0 else ""
    shown = [run for run in enumerate(runs, 1) if any(name in run[1].series for name in found)]
    figures = "".join(_figure(runs, name) for name in found[:MOST_CHARTS])
    return f"{_checkboxes(shown)}<div class='charts'>{figures}</div>{rest}"


def _checkboxes(shown: Sequence[tuple[int, Run]]) -> str:
    boxes = "".join(
        f"<label class='run-{number}'><input type='checkbox' id='show-{number}' checked>"
        "<svg width='34' height='10' aria-hidden='true'><path class='line' d='M1 5H33'/></svg>"
        f"<span>{number} · {escape(run.name)}</span></label>"
        for number, run in shown
    )
    return f"<fieldset class='legend'><legend>Shown in the charts</legend>{boxes}</fieldset>"


def _figure(runs: Sequence[Run], metric: str) -> str:
    lines = [Line(number, run.name, run.series[metric]) for number, run in enumerate(runs, 1) if metric in run.series]
    is_share = metric in METRICS and is_maximized(metric)
    tick: Callable[[float], str] = _percent_tick if is_share else _tick
    shown: Callable[[float], str] = _percent if is_share else _number
    axis = x_title([line.series for line in lines])
    svg = chart(f"{metric} by {axis}, of {len(lines)} runs", lines, tick=tick, shown=shown, may_be_log=not is_share)
    name = escape(metric)
    return (
        f"<figure><figcaption>{name} <span>by {axis}</span></figcaption>{svg}"
        f"<details><summary>The values of {name}</summary>{_values(lines, metric, axis, shown)}</details></figure>"
    )


def _values(lines: Sequence[Line], metric: str, axis: str, shown: Callable[[float], str]) -> str:
    """A table of what the chart draws."""
    values = [dict(line.series.points) for line in lines]
    places = sorted({place for one in values for place in one})
    every = math.ceil(len(places) / MOST_VALUES)
    heads = "".join(f"<th scope='col'>{line.number}</th>" for line in lines)
    rows = []
    for place in places[::every]:
        found = [one.get(place) for one in values]
        cells = "".join(f"<td>{'' if value is None else escape(shown(value))}</td>" for value in found)
        rows.append(f"<tr><th scope='row'>{place}</th>{cells}</tr>")
    thinned = f"<p>Every {every}th of {len(places)}.</p>" if every > 1 else ""
    label = escape(f"Values of {metric}", quote=True)
    return (
        f"{thinned}<div class='wide' role='region' aria-label='{label}' tabindex='0'><table><thead><tr>"
        f"<th scope='col'>{axis}</th>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _tick(value: float) -> str:
    return f"{value:.6g}"


def _percent_tick(value: float) -> str:
    return f"{value * 100:.6g}%"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _percent(value: float) -> str:
    return f"{value:.1%}"
