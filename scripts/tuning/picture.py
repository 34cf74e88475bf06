"""The picture of a tuning job. Only this file uses matplotlib, whose import takes half a second: import it when it is
needed.

Colours are of Okabe and Ito's palette, which colour-blind people tell apart, and every outcome has a shape of its own.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory

from scripts.tuning.job import Trial, Tuning
from scripts.tuning.panels import Heights, Panel, grid, heights, log_ticks, outcome, panels

WIDTH, TOP, ROW, FOOTER = 12, 3.6, 3.0, 0.6  # inches
DPI = 120
PANEL_SIZE, PANEL_DPI = (4.4, 3.1), 160
FOOT = 0.04  # where trials without an objective stand, as a share of the height


@dataclass(frozen=True)
class Theme:
    ground: str
    ink: str
    soft: str
    lines: str
    completed: str
    stopped: str
    failed: str
    best: str


LIGHT = Theme("#ffffff", "#22211f", "#6d6a64", "#e4e2dd", "#0072b2", "#b87400", "#d55e00", "#f0e442")
DARK = Theme("#242629", "#e9e7e3", "#a19d95", "#3a3d42", "#56b4e9", "#e69f00", "#ff8a5c", "#f0e442")
_MARKERS = {"completed": "o", "stopped": "v", "failed": "x", "running": "D"}


def write_picture(tuning: Tuning, path: Path) -> None:
    """Write all panels as one PNG."""
    path.write_bytes(_png(whole_figure(tuning), DPI))


def panel_pictures(tuning: Tuning, theme: Theme) -> list[tuple[str, bytes]]:
    """Each panel's label and its PNG."""
    found, height = [], heights(tuning)
    for panel in panels(tuning):
        figure = Figure(PANEL_SIZE, layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08), facecolor=theme.ground)
        _draw(figure.subplots(), panel, tuning, height, theme, with_metric=True)
        found.append((panel.label, _png(figure, PANEL_DPI)))
    return found


def whole_figure(tuning: Tuning, theme: Theme = LIGHT) -> Figure:
    """The order of the trials on top, the hyperparameters below it in a grid, the meaning of the marks at the foot."""
    order, *others = panels(tuning)
    rows, columns = grid(len(others))
    height = heights(tuning)
    figure = Figure(
        (WIDTH, TOP + ROW * rows + FOOTER),
        layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08),
        facecolor=theme.ground,
    )
    cells = figure.add_gridspec(rows + 1, columns, height_ratios=[TOP, *[ROW] * rows])
    first = figure.add_subplot(cells[0, :])
    _draw(first, order, tuning, height, theme, with_metric=True)
    for place, panel in enumerate(others):
        row, column = divmod(place, columns)
        _draw(figure.add_subplot(cells[row + 1, column]), panel, tuning, height, theme, with_metric=column == 0)
    figure.suptitle(title(tuning), x=0.01, ha="left", color=theme.ink, fontsize=13)
    handles, labels = first.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=len(handles),
            frameon=False,
            labelcolor=theme.ink,
            fontsize=10,
        )
    return figure


def title(tuning: Tuning) -> str:
    """What there is to see, in a line."""
    best = tuning.best_trial
    found = f"; the best, {best.objective:.4f}, is trial {best.number}" if best and best.objective is not None else ""
    return f"{tuning.name}: {tuning.metric} of {len(tuning.trials)} trial{'s'[: len(tuning.trials) != 1]}{found}"


def _draw(axes: Axes, panel: Panel, tuning: Tuning, height: Heights, theme: Theme, with_metric: bool) -> None:
    _draw_axes(axes, panel, tuning, height, theme, with_metric)
    if panel.label == "trial":
        so_far = tuning.best_so_far()
        if len(so_far) > 1:
            axes.step(
                *zip(*so_far, strict=True), where="post", color=theme.soft, linewidth=1.2, zorder=1, label="best so far"
            )
    at_foot = blended_transform_factory(axes.transData, axes.transAxes)
    size = 46 if len(tuning.trials) <= 60 else 22 if len(tuning.trials) <= 200 else 12
    shown = [trial for trial in tuning.trials if trial.number in panel.places and trial.name != tuning.best]
    for kind in _MARKERS:
        those = [trial for trial in shown if outcome(trial) == kind]
        with_one = [(panel.places[one.number], one.objective) for one in those if one.objective is not None]
        without = [trial for trial in those if trial.objective is None]
        look = _look(kind, size, theme)
        if with_one:
            axes.scatter(*zip(*with_one, strict=True), label=kind, **look)
        if without:
            label = kind if kind == "failed" else f"{kind}, no value"
            axes.scatter(
                [panel.places[one.number] for one in without],
                [FOOT] * len(without),
                transform=at_foot,
                label=label,
                **look,
            )
    _draw_best(axes, panel, tuning.best_trial, size, theme)
    if not any(trial.objective is not None for trial in tuning.trials):
        axes.yaxis.set_major_locator(NullLocator())
        words = f"no trial has a value of {tuning.metric}"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=theme.soft)


def _draw_best(axes: Axes, panel: Panel, best: Trial | None, size: int, theme: Theme) -> None:
    if best and best.objective is not None and best.number in panel.places:
        axes.scatter(
            [panel.places[best.number]],
            [best.objective],
            marker="*",
            s=max(150, 4 * size),
            color=theme.best,
            edgecolors=theme.ink,
            linewidths=1.1,
            zorder=5,
            label="best",
        )


def _look(kind: str, size: int, theme: Theme) -> dict[str, Any]:
    colour = {"completed": theme.completed, "stopped": theme.stopped, "failed": theme.failed, "running": theme.soft}[
        kind
    ]
    if kind in ("stopped", "running"):  # hollow
        return {
            "marker": _MARKERS[kind],
            "s": size,
            "facecolors": "none",
            "edgecolors": colour,
            "linewidths": 1.3,
            "zorder": 3,
        }
    width = 1.3 if kind == "failed" else 0
    return {"marker": _MARKERS[kind], "s": size, "color": colour, "alpha": 0.85, "linewidths": width, "zorder": 3}


def _draw_axes(axes: Axes, panel: Panel, tuning: Tuning, height: Heights, theme: Theme, with_metric: bool) -> None:
    axes.set_facecolor(theme.ground)
    axes.grid(True, color=theme.lines, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.soft)
    axes.tick_params(colors=theme.soft, labelcolor=theme.ink, labelsize=9, length=3)
    axes.set_xlabel(panel.label, color=theme.ink, fontsize=10)
    if panel.is_log:
        axes.set_xscale("log")
    axes.set_xlim(*panel.limits)
    if panel.ticks:
        _fix_ticks(axes.xaxis, panel.ticks)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:.6g}"))
    if panel.is_category:
        axes.grid(False, axis="x")
        _fit_words(axes, [word for _, word in panel.ticks])
    if height.is_log:
        axes.set_yscale("log")
    axes.set_ylim(height.low, height.high)
    if height.is_log:
        _fix_ticks(axes.yaxis, log_ticks(height.low, height.high))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if with_metric:
        axes.set_ylabel(tuning.metric, color=theme.ink, fontsize=10)
    else:
        axes.tick_params(labelleft=False)


def _fix_ticks(axis: Axis, ticks: tuple[tuple[float, str], ...]) -> None:
    axis.set_major_locator(FixedLocator([place for place, _ in ticks]))
    texts = dict(ticks)
    axis.set_major_formatter(FuncFormatter(lambda value, place: texts.get(value, "")))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def _fit_words(axes: Axes, words: list[str]) -> None:
    """Upright while they fit side by side, slanted when they do not, on end when there are many."""
    # Names that begin alike tend to differ at their ends.
    short = [word if len(word) <= 20 else f"{word[:9]}…{word[-10:]}" for word in words]
    room = 34  # characters of this size in the narrowest panel
    if sum(len(word) + 2 for word in short) > room:
        many = len(short) > 9
        axes.tick_params(axis="x", labelrotation=90 if many else 35, labelsize=7 if len(short) > 18 else 8)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("center" if many else "right")
            label.set_rotation_mode("default" if many else "anchor")
    places = axes.xaxis.get_major_locator().tick_values(0, 1)
    texts = dict(zip(places, short, strict=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: texts.get(value, "")))


def _png(figure: Figure, dpi: int) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return content.getvalue()
