"""The report as one HTML file: nothing is loaded from elsewhere, and everything but the values under the pointer needs
no JavaScript.
"""

from container.report.hover import SCRIPT
from container.report.markup import text
from container.report.record import RunRecord
from container.report.sections.answers import confusions, predictions, reliability
from container.report.sections.checks import checks
from container.report.sections.data_set import data_set
from container.report.sections.gradients import gradients
from container.report.sections.learning import learning
from container.report.sections.opening import opening
from container.report.sections.repeating import command, hyperparameters, versions
from container.report.sections.times import step_times, system
from container.report.style import STYLE

SECTIONS = (
    opening,
    learning,
    gradients,
    checks,
    step_times,
    system,
    confusions,
    reliability,
    predictions,
    hyperparameters,
    data_set,
    versions,
    command,
)


def page(record: RunRecord) -> str:
    """HTML of a run's report. A part of which nothing is known is a line that says so."""
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{text(record.job or 'Training run')}: "
        f"{text(record.status)}</title>"
        "<meta name='viewport' content='width=device-width'><link rel='icon' "
        f"href='data:,'><style>{STYLE}</style></head><body>"
        f"{''.join(section(record) for section in SECTIONS)}<script>{SCRIPT}</script></body></html>\n"
    )
