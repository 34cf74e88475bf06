"""The model's predictions: confused classes, and the best and worst pictures."""

from container.report.confusion_chart import NAMED, confused_pairs, confusion_chart
from container.report.markup import card, name, section, table, text
from container.report.record import Evaluation, Pictures, RunRecord, Shown
from container.report.shown_numbers import counted, percent

MOST_PAIRS = 16
WORST_LEGEND = (
    "The predicted class with its probability, below it the true one with its own. Good: few, and pictures that are "
    "hard for people, too. A wrong label is often among these."
)
BEST_LEGEND = "What the model takes for typical. Good: the animal or thing decides, not the background."


def confusions(record: RunRecord) -> str:
    """The section of confused classes."""
    found = record.evaluation
    body = _matrix(found) if found and found.confusion_matrix and any(map(any, found.confusion_matrix)) else ""
    body += _confused_pictures(record.pictures) if record.pictures else ""
    return section(
        "confusions", "Confused classes", body, "No split was evaluated at the end, so there is no confusion matrix."
    )


def predictions(record: RunRecord) -> str:
    """The section of the worst and best predictions."""
    pictures, body = record.pictures, ""
    if pictures and pictures.worst:
        body += _group("Wrong, and sure of it", WORST_LEGEND, pictures.worst)
    if pictures and pictures.best:
        body += _group("Right, and sure of it", BEST_LEGEND, pictures.best)
    return section("pictures", "Worst and best answers", body, "No pictures were kept for this report.")


def _group(title: str, legend: str, shown: list[Shown]) -> str:
    figures = "".join(map(_figure, shown))
    return f"<h3>{text(title)}</h3><p class='legend'>{text(legend)}</p><div class='pictures'>{figures}</div>"


def _matrix(found: Evaluation) -> str:
    pairs = confused_pairs(found.confusion_matrix, MOST_PAIRS)
    rows = [
        [name(found.classes[truth]), name(found.classes[said]), f"{count:,}", f"{sum(found.confusion_matrix[truth]):,}"]
        for truth, said, count in pairs
    ]
    most = (
        table(["true class", "was taken for", "pictures", "of"], rows, 2)
        if rows
        else "<p>Every picture was named correctly.</p>"
    )
    order = " in the order of the class list; names are under the pointer" if len(found.classes) > NAMED else ""
    chart = card(
        confusion_chart(found.classes, found.confusion_matrix),
        "Confusion matrix",
        counted(found.n, f"{found.split} picture"),
        legend=f"Rows are true classes, columns predicted ones{order}. Good: a blue diagonal and nothing else; an "
        "orange cell beside it is a class taken for another, the darker, the more often.",
    )
    return f"<div class='grid two'>{chart}{card(most, 'Most confused', 'pairs of classes')}</div>"


def _confused_pictures(pictures: Pictures) -> str:
    groups = [
        f"<div class='card group'><p>{name(pair.truth)} <span>taken for</span> {name(pair.said)} "
        f"<span>{counted(pair.count, 'time')}</span></p>"
        f"<div class='pictures'>{''.join(map(_figure_of_pair, pair.pictures))}</div></div>"
        for pair in pictures.confused
        if pair.pictures
    ]
    return f"<div class='grid groups'>{''.join(groups)}</div>" if groups else ""


def _figure(shown: Shown) -> str:
    said = f"<b>{name(shown.said)}</b> {percent(shown.probability)}"
    if shown.truth == shown.said:
        return _picture(shown, "right", said)
    return _picture(shown, "wrong", f"{said}<br><span>is {name(shown.truth)} {percent(shown.truth_probability)}</span>")


def _figure_of_pair(shown: Shown) -> str:
    """Without names: they stand above all of a pair's pictures."""
    return _picture(
        shown, "wrong", f"<b>{percent(shown.probability)}</b> <span>against {percent(shown.truth_probability)}</span>"
    )


def _picture(shown: Shown, kind: str, caption: str) -> str:
    return (
        f"<figure class='{kind}'><img src='data:image/jpeg;base64,{text(shown.jpeg)}' width='160' height='160' "
        f"alt='{text(shown.file)}' "
        f"title='{text(shown.file)}'><figcaption>{caption}</figcaption></figure>"
    )
