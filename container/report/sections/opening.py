"""The top of the page: which run this is, how it ended, and the most important figures."""

from datetime import UTC, datetime

from container.report.markup import text
from container.report.record import RunRecord
from container.report.shown_numbers import counted, duration, loss, percent

ENDINGS = {
    "Completed": "Training completed.",
    "Stopped": "Training was stopped before its end.",
    "Failed": "Training failed.",
    "InProgress": "Training was still running when this was written.",
}


def opening(record: RunRecord) -> str:
    """The heading, the reason of a run that did not complete, the figures, and a line about the checks."""
    name = record.job or "Training run"
    return (
        f"<header><p class='status {text(record.status)}'>{text(record.status)}</p><h1><bdi>{text(name)}</bdi></h1>"
        f"<p>{text(_when(record))}</p>{_reason(record)}<dl "
        f"class='facts'>{_facts(record)}</dl>{_checks(record)}</header>"
    )


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
    return "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(figure)}</dd>{f'<dd class=more>{text(more)}</dd>' if more else ''}</div>"
        for name, figure, more in facts
    )


def _checks(record: RunRecord) -> str:
    fired = [one.rule for one in record.rules if one.status == "IssuesFound"] + [one.rule for one in record.findings]
    if not record.rules and not record.findings:
        return ""
    if not fired:
        return f"<p class='checked'>{text(counted(len(record.rules), 'check'))} of this run found nothing.</p>"
    links = ", ".join(f"<b>{text(one)}</b>" for one in dict.fromkeys(fired))
    return f"<p class='checked fired'><a href='#checks'>{text(counted(len(fired), 'issue'))} found</a>: {links}</p>"
