"""Pictures of each class as a bar chart, the largest class first; and which classes have few."""

from statistics import median

from container.report.axis import linear_axis
from container.report.markup import text
from container.report.plot import plot
from container.report.shown_numbers import counted, tick

FEW = 10
FEW_SHARE = 1 / 3
HEIGHT = 130


def small_classes(counts: dict[str, int]) -> dict[str, int]:
    """Classes with fewer than FEW pictures, or than FEW_SHARE of the median class's, the smallest first."""
    limit = max(FEW, FEW_SHARE * median(counts.values())) if counts else 0
    return dict(
        sorted(((one, count) for one, count in counts.items() if count < limit), key=lambda pair: (pair[1], pair[0]))
    )


def class_chart(split: str, counts: dict[str, int]) -> str:
    """SVG: a bar for each class; those with few pictures are in the colour of mistakes. counts: pictures by class."""
    few = small_classes(counts)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    y = linear_axis(counts.values(), 4, from_zero=True)
    width = 100 / len(ranked)
    bars = [
        f"<rect class='{'s2' if one in few else 's1'}' x='{place * width + width * 0.1:.3f}%' "
        f"width='{width * 0.8:.3f}%' "
        f"y='{(1 - y.place(count)) * HEIGHT:.1f}' height='{y.place(count) * HEIGHT:.1f}'>"
        f"<title>{text(one)}: {counted(count, 'picture')}</title></rect>"
        for place, (one, count) in enumerate(ranked)
    ]
    return plot(
        f"Pictures of each class in {split}",
        f"{''.join(bars)}<line class='base' x1='0' x2='100%' y1='{HEIGHT}' y2='{HEIGHT}'/>",
        HEIGHT,
        x=None,
        y=y,
        x_tick=tick,
        y_tick=tick,
    )
