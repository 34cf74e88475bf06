"""Learning curves: loss, accuracy and learning rate by epoch."""

import math
from collections.abc import Callable, Sequence

from container.report.axis import finite, linear_axis, whole_axis
from container.report.line_chart import Line, line_chart
from container.report.markup import card, section, text
from container.report.record import Epoch, RunRecord
from container.report.shown_numbers import given, loss, percent, tick


def learning(record: RunRecord) -> str:
    """The section of the learning curves."""
    body = f"<div class='grid two'>{_loss(record)}{_accuracy(record)}{_rate(record)}</div>" if record.epochs else ""
    return section("learning", "Learning", body, "No epoch was completed, so there is no loss to show.")


def _loss(record: RunRecord) -> str:
    epochs = record.epochs
    lines = [
        Line("training", [one.train_loss for one in epochs], "s2"),
        Line("validation", [one.valid_loss for one in epochs], "s1"),
    ]
    chart = _chart(record, "Cross-entropy loss by epoch", lines, tick, loss, height=300)
    note = "".join(
        _not_numbers(epochs, name, values.values)
        for name, values in zip(("training", "validation"), lines, strict=True)
    )
    return card(
        (chart or "<p>No loss was measured.</p>") + note,
        "Loss",
        "cross-entropy, nats, by epoch",
        "full",
        "How far the probabilities are from the true classes. Good: both lines fall and level out; validation that "
        "rises again while training falls is overfitting. Training may lie above validation: it is measured on "
        f"augmented pictures, with label smoothing and mixing{_smoothing(record)}.",
    )


def _smoothing(record: RunRecord) -> str:
    least = record.least_train_loss
    return f" (the smoothing alone leaves {loss(least)})" if least else ""


def _accuracy(record: RunRecord) -> str:
    lines = [
        Line(name, values, colour)
        for name, values, colour in (
            ("training", [one.train_accuracy for one in record.epochs], "s2"),
            ("validation", [one.valid_accuracy for one in record.epochs], "s1"),
        )
        if finite(values)
    ]
    chart = _chart(
        record, "Top-1 accuracy by epoch", lines, lambda value: f"{tick(value * 100)}%", percent, at_most=1.0
    )
    return card(
        chart or "<p>No accuracy was measured.</p>",
        "Accuracy",
        "top-1, by epoch",
        legend="The share of pictures whose likeliest class is the right one. Good: it rises and levels out.",
    )


def _rate(record: RunRecord) -> str:
    lines = [Line("", [one.learning_rate for one in record.epochs], "s3")]
    chart = _chart(record, "Learning rate by epoch", lines, tick, given, from_zero=True, mark=False)
    return card(
        chart or "<p>No learning rate was recorded.</p>",
        "Learning rate",
        "of the last layers, by epoch",
        legend="How far a step changes the weights, as it was set: a linear rise, then half a cosine down to 0.",
    )


def _chart(
    record: RunRecord,
    title: str,
    lines: Sequence[Line],
    y_tick: Callable[[float], str],
    said: Callable[[float], str],
    height: int = 200,
    at_most: float = math.inf,
    from_zero: bool = False,
    mark: bool = True,
) -> str:
    """SVG; empty when no line has a number."""
    values = finite(value for line in lines for value in line.values)
    if not values:
        return ""
    epochs = [one.epoch for one in record.epochs]
    best = (
        (record.best_epoch, f"best epoch, {record.best_epoch}")
        if mark and record.best_epoch in epochs and len(epochs) > 1
        else None
    )
    return line_chart(
        title,
        epochs,
        lines,
        x=whole_axis(min(epochs), max(epochs)),
        y=linear_axis(values, at_most=at_most, from_zero=from_zero),
        x_title="epoch",
        x_tick=lambda value: f"{value:.0f}",
        y_tick=y_tick,
        said=said,
        height=height,
        mark=best,
    )


def _not_numbers(epochs: Sequence[Epoch], name: str, values: Sequence[float | None]) -> str:
    lost = [
        one.epoch for one, value in zip(epochs, values, strict=True) if value is not None and not math.isfinite(value)
    ]
    if not lost:
        return ""
    where = f"epoch {lost[0]}" if len(lost) == 1 else f"{len(lost)} epochs, the first of them {lost[0]}"
    return f"<p class='note'>{text(f'The {name} loss is not a number in {where}.')}</p>"
