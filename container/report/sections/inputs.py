"""What went into the run, and what it takes to repeat it: hyperparameters, data set, versions and the command."""

from container.report.axis import linear_axis
from container.report.class_statistics import small_classes
from container.report.markup import card, name, pairs, section, table, text
from container.report.plot import plot
from container.report.record import RunRecord
from container.report.shown_numbers import counted, tick

HEIGHT = 130
MOST_SMALL = 12


def hyperparameters(record: RunRecord) -> str:
    """The section of the hyperparameters."""
    return section(
        "hyperparameters",
        "Hyperparameters",
        pairs(record.hyperparameters),
        "The run ended before its hyperparameters were read.",
    )


def data_set(record: RunRecord) -> str:
    """The section of the data set."""
    splits = record.splits
    rows = [
        [name(split), f"{one.pictures:,}", f"{len(one.classes):,}", f"{one.unreadable:,}", f"{one.repeated:,}"]
        for split, one in splits.items()
    ]
    body = ""
    if rows:
        body = card(
            table(["split", "pictures", "classes", "unreadable", "repeated"], rows),
            "Splits",
            legend="Unreadable and repeated pictures are left out and not counted among the others; repeated are "
            "those of train that are in it twice, or in another split, too. The log says more.",
        )
    train = splits.get("train")
    if train and train.classes:
        by_class = card(
            class_chart("train", train.classes) + _few(train.classes),
            "Pictures of each class",
            "train, the largest class first",
            legend="A bar for each class. Good: bars of about the same height; orange ones have few pictures, and such "
            "classes are recognised less often.",
        )
        body = f"<div class='grid two'>{body}{by_class}</div>"
    return section("data", "Data set", body, "The pictures were not counted before this run ended.")


def versions(record: RunRecord) -> str:
    """The section of the versions."""
    return section("versions", "Versions", pairs(record.versions), "No versions were recorded.")


def command(record: RunRecord) -> str:
    """The section of the command that repeats the run."""
    body = f"<pre class='card'>{text(record.command)}</pre>" if record.command else ""
    return section("command", "To repeat this run", body, "No command was recorded.")


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


def _few(classes: dict[str, int]) -> str:
    few = small_classes(classes)
    if not few:
        return "<p class='small'>No class has few pictures.</p>"
    named = ", ".join(f"{name(one)} {count:,}" for one, count in list(few.items())[:MOST_SMALL])
    rest = f" and {len(few) - MOST_SMALL} more" if len(few) > MOST_SMALL else ""
    return f"<p class='note'>{'Classes' if len(few) > 1 else 'A class'} with few pictures: {named}{rest}.</p>"
