"""The picture of the serving bench: how long an answer takes over how many answers there are, a curve for each server.

Colours are of Okabe and Ito's palette, which colour-blind people tell apart, and every server has a mark of its own.
"""

from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from tests.bench.serving.measured import CLIENTS, Measured
from tests.bench.serving.server import LITSERVE, LITSERVE_BEST, OURS, RAY, RAY_BATCHES, STOCK, TORCHSERVE

SIZE, DPI = (10, 6.4), 120
INK, SOFT, LINES = "#22211f", "#6d6a64", "#e4e2dd"
LOOKS = {
    OURS: ("#0072b2", "o"),
    STOCK: ("#d55e00", "s"),
    LITSERVE: ("#009e73", "^"),
    LITSERVE_BEST: ("#e69f00", "D"),
    TORCHSERVE: ("#cc79a7", "v"),
    RAY: ("#56b4e9", "P"),
    RAY_BATCHES: ("#000000", "X"),
}


def write_picture(found: Measured, path: Path) -> None:
    figure = Figure(SIZE, layout="constrained", facecolor="#ffffff")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    axes = figure.subplots()
    _draw_axes(axes)
    curves = {server: found.curve(server) for server in found.turns}
    fastest = max(median(found.limit), *(throughput for curve in curves.values() for _, throughput, _ in curve))
    axes.set_xlim(0, fastest * 1.12)
    _draw_clients(axes, curves, fastest, median(found.alone))
    for server, curve in curves.items():
        _draw_curve(axes, server, curve)
    _draw_limit(axes, found)
    figure.suptitle(
        "An answer's time over answers a second, with 1 to 64 clients", x=0.01, ha="left", color=INK, fontsize=13
    )
    figure.legend(loc="outside lower center", ncols=4, frameon=False, labelcolor=INK, fontsize=9, columnspacing=1.5)
    figure.savefig(path, format="png", dpi=DPI, facecolor=figure.get_facecolor(), metadata={"Software": None})


def _draw_axes(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.grid(True, color=LINES, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(SOFT)
    axes.tick_params(colors=SOFT, labelcolor=INK, labelsize=9, length=3)
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, place: f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms")
    )
    axes.set_xlabel("pictures per second (more is better)", color=INK, fontsize=10)
    axes.set_ylabel("median latency (less is better)", color=INK, fontsize=10)


def _draw_clients(axes: Axes, curves: dict, fastest: float, alone: float) -> None:
    """Where servers with as many clients are: in a closed loop, clients = throughput x mean latency
    (https://doi.org/10.1287/opre.9.3.383).
    """
    latencies = [latency for curve in curves.values() for _, _, latency in curve]
    axes.set_ylim(min(*latencies, alone) / 1.5, max(latencies) * 1.6)
    slowest = min(throughput for curve in curves.values() for _, throughput, _ in curve)
    across = [slowest * 0.7 + step * (fastest * 1.12 - slowest * 0.7) / 100 for step in range(101)]
    for clients in CLIENTS:
        axes.plot(
            across,
            [1000 * clients / throughput for throughput in across],
            color=SOFT,
            linewidth=0.8,
            linestyle=(0, (1, 3)),
            zorder=1,
        )
        label = f"{clients} client{'s' * (clients > 1)}"
        end = across[-1], 1000 * clients / across[-1]
        axes.annotate(label, end, (-2, 4), textcoords="offset points", ha="right", va="bottom", color=SOFT, fontsize=9)


def _draw_curve(axes: Axes, server: str, curve: list[tuple[int, float, float]]) -> None:
    colour, mark = LOOKS[server]
    first = server == OURS
    _, throughputs, latencies = zip(*curve, strict=True)
    axes.plot(
        throughputs,
        latencies,
        color=colour,
        marker=mark,
        markersize=9 if first else 7,
        linewidth=2.4 if first else 1.5,
        markeredgecolor="#ffffff",
        markeredgewidth=0.8,
        zorder=5 if first else 3,
        label=server,
    )
    if first:
        for clients, throughput, latency in curve:
            text = axes.annotate(
                str(clients),
                (throughput, latency),
                (9, 6),
                textcoords="offset points",
                color=colour,
                fontweight="bold",
                zorder=6,
            )
            text.set_path_effects([withStroke(linewidth=2.5, foreground="#ffffff")])


def _draw_limit(axes: Axes, found: Measured) -> None:
    limit = median(found.limit)
    axes.axvline(
        limit, color=INK, linewidth=1.4, linestyle=(0, (6, 3)), zorder=2, label=f"limit: a bare loop, {limit:.0f}/s"
    )
    alone = median(found.alone)
    axes.scatter(
        [1000 / alone],
        [alone],
        marker="*",
        s=150,
        color=INK,
        zorder=4,
        label=f"the loop, a picture alone, {alone:.0f} ms",
    )
