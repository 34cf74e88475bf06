"""The top of the page: which run this is and how it ended, then the summary.

The summary says how good the model is, where it fails and what to try next, and has the most important figures and what
the checks found.
"""

from datetime import UTC, datetime
from typing import Any

from container.report.markup import plain, section, text
from container.report.model_quality import how_good, where_it_fails
from container.report.next_steps import next_steps
from container.report.record import RunRecord
from container.report.shown_numbers import counted, duration, loss, percent

ENDINGS = {
    "Completed": "Training completed.",
    "Stopped": "Training was stopped before its end.",
    "Failed": "Training failed.",
    "InProgress": "Training was still running when this was written.",
}


def opening(record: RunRecord) -> str:
    """The heading, and the reason of a run that did not complete."""
    name = record.job or "Training run"
    return (
        f"<header><p class='status {text(record.status)}'>{text(record.status)}</p><h1><bdi>{text(name)}</bdi></h1>"
        f"<p>{text(_when(record))}</p>{_reason(record)}</header>"
    )


def summary(record: RunRecord) -> str:
    """The section of the summary."""
    return section(
        "summary",
        "Summary",
        _sentences(record) + _facts(record) + _checks(record),
        "Nothing was measured before this run ended.",
    )


def sentences(record: RunRecord) -> dict[str, list[str]]:
    """How good the model is, where it fails and what to try next: by title, each HTML. A title of which nothing is
    known is left out.
    """
    found = record.evaluation
    said = {
        "How good it is": [how_good(found)] if found else [],
        "Where it fails": [where_it_fails(found)] if found else [],
        "What to try next": [one.sentence for one in next_steps(record)],
    }
    known = {title: list(filter(None, every)) for title, every in said.items()}
    return {title: every for title, every in known.items() if every}


def summary_text(record: RunRecord) -> list[dict[str, Any]]:
    """The same as text, for report.json: `[{"title": ..., "sentences": [...]}, ...]`."""
    return [{"title": title, "sentences": list(map(plain, every))} for title, every in sentences(record).items()]


def _when(record: RunRecord) -> str:
    if record.started is None:
        return ""
    started = datetime.fromtimestamp(record.started, UTC)
    return f"Started {started:%Y-%m-%d %H:%M} UTC"


def _reason(record: RunRecord) -> str:
    if record.status == "Completed" and not record.reason:
        return ""
    said = f"<b>{text(ENDINGS.get(record.status, record.status))}</b> {text(record.reason)}"
    return f"<p class='reason {text(record.status)}' role='status'>{said}</p>"


def _sentences(record: RunRecord) -> str:
    said = {
        title: f"<ol>{''.join(f'<li>{one}</li>' for one in every)}</ol>" if len(every) > 1 else every[0]
        for title, every in sentences(record).items()
    }
    rows = "".join(f"<div><dt>{title}</dt><dd>{content}</dd></div>" for title, content in said.items())
    return f"<dl class='card sentences'>{rows}</dl>" if rows else ""


def _facts(record: RunRecord) -> str:
    facts: list[tuple[str, str, str]] = []
    measured, best = record.evaluation, next((one for one in record.epochs if one.epoch == record.best_epoch), None)
    if measured and measured.n:
        interval = measured.top1_interval_95
        between = f"95% interval {percent(interval[0])} to {percent(interval[1])}" if len(interval) == 2 else ""
        facts.append((f"{measured.split} accuracy", percent(measured.top1), between))
        facts.append((f"{measured.split} top-5", percent(measured.top5), counted(measured.n, "picture")))
        facts.append((f"{measured.split} loss", loss(measured.loss), "cross-entropy, nats"))
    if best and (not measured or measured.split != "valid"):
        facts.append(
            ("valid accuracy", percent(best.valid_accuracy), f"best epoch, {best.epoch} of {len(record.epochs)}")
        )
        facts.append(("valid loss", loss(best.valid_loss), "in that epoch"))
    if record.seconds is not None:
        facts.append(("duration", duration(record.seconds), counted(len(record.epochs), "epoch")))
    if train := record.splits.get("train"):
        others = ", ".join(f"{one.pictures:,} {name}" for name, one in record.splits.items() if name != "train")
        of_them = " · ".join(filter(None, [counted(len(train.classes), "class", "classes"), others]))
        facts.append(("training pictures", f"{train.pictures:,}", of_them))
    if record.compute:
        device, _, more = record.compute.partition(", ")
        facts.append(
            ("device", device, " · ".join(filter(None, [more, counted(record.hosts, "host") if record.hosts else ""])))
        )
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(figure)}</dd>{f'<dd class=more>{text(more)}</dd>' if more else ''}</div>"
        for name, figure, more in facts
    )
    return f"<dl class='facts'>{rows}</dl>" if rows else ""


def _checks(record: RunRecord) -> str:
    fired = [one.rule for one in record.rules if one.status == "IssuesFound"] + [one.rule for one in record.findings]
    if not record.rules and not record.findings:
        return ""
    if not fired:
        return f"<p class='checked'>{text(counted(len(record.rules), 'check'))} of this run found nothing.</p>"
    links = ", ".join(f"<b>{text(one)}</b>" for one in dict.fromkeys(fired))
    return f"<p class='checked fired'><a href='#checks'>{text(counted(len(fired), 'issue'))} found</a>: {links}</p>"
