"""The top of the page: which run this is, and how it ended."""

from datetime import UTC, datetime

from container.report.markup import text
from container.report.record import RunRecord

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
