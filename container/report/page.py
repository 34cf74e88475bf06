"""The report of a run: report.html to read, and report.json, the record without its pictures, and the
sentences of the summary, for programs.

The page is one file that loads nothing from elsewhere; everything but the values under the pointer needs no JavaScript.
"""

import json
from dataclasses import replace
from pathlib import Path

from container.report.line_chart import SCRIPT
from container.report.markup import text
from container.report.record import RunRecord
from container.report.sections.answers import confusions, predictions
from container.report.sections.checks import checks
from container.report.sections.gradients import gradients
from container.report.sections.inputs import command, data_set, hyperparameters, versions
from container.report.sections.learning import learning
from container.report.sections.reliability import reliability
from container.report.sections.summary import opening, summary, summary_text
from container.report.sections.times import step_times, system
from container.report.style import STYLE
from contract.atomic_write import write_atomically
from contract.opt_ml import REPORT_PAGE, REPORT_RECORD

SECTIONS = (
    opening,
    summary,
    predictions,
    confusions,
    learning,
    reliability,
    checks,
    gradients,
    step_times,
    system,
    hyperparameters,
    data_set,
    versions,
    command,
)


def page(record: RunRecord) -> str:
    """HTML of a run's report. A section of which nothing is known is a line that says so."""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{text(record.job or 'Training run')}: "
        f"{text(record.status)}</title>"
        "<meta name='viewport' content='width=device-width'><link rel='icon' "
        f"href='data:,'><style>{STYLE}</style></head><body>"
        f"{''.join(section(record) for section in SECTIONS)}<script>{SCRIPT}</script></body></html>\n"
    )


def write_report(record: RunRecord, folder: Path) -> Path:
    """Write report.html and report.json; each is replaced atomically. Returns the page's path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {**replace(record, pictures=None).to_dict(), "summary": summary_text(record)}
    write_atomically(folder / REPORT_RECORD, json.dumps(said, indent=1, allow_nan=False))
    write_atomically(folder / REPORT_PAGE, page(record))
    return folder / REPORT_PAGE
