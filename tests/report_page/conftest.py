"""A browser, and reports for it to show: pages of records that a run may leave."""

import math

import pytest

from container.report.page import page
from tests.container.report.full_record import full_record
from tests.container.report.record_of import record_of
from tests.report_page.browser import running_browser

HOSTILE = [
    "\u0643\u0644\u0628 \u062c\u0645\u064a\u0644",
    "\u05e9\u05dc\u05d5\u05dd",
    "x" * 80,
    "<script>alert(1)</script>",
    'O\'Neil & "co"',
]


def _failed() -> dict:
    """Names as nobody expects them, a thousand epochs, and losses that are no numbers."""
    values = full_record(
        [*HOSTILE, *(f"class_with_a_rather_long_name_{number}" for number in range(8))], epochs=1000, steps=5000
    )
    for epoch in values["epochs"][400:]:
        epoch["valid_loss"] = math.nan
    return values | {
        "status": "Failed",
        "reason": "The training loss of epoch 401 is nan. Lower the hyperparameter lr.",
        "job": "j" * 80,
    }


def _stopped() -> dict:
    values = full_record(20, epochs=6, steps=300, layers=30)
    for part in ("evaluation", "pictures", "rules", "findings"):
        del values[part]
    return values | {"status": "Stopped", "reason": "StopTrainingJob was asked for in epoch 7."}


RECORDS = {
    "full": full_record,
    "one_epoch": lambda: full_record(5, epochs=1, steps=20, layers=8),
    "failed": _failed,
    "stopped": _stopped,
    "empty": dict,
}


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    with running_browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """The page of each of RECORDS, by its name."""
    folder, files = tmp_path_factory.mktemp("reports"), {}
    for name, values in RECORDS.items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(page(record_of(values())), encoding="utf-8")
    return files


@pytest.fixture
def show(browser, reports):
    """`show(name, width, dark)` opens a report; the page is closed when the test ends."""
    opened = []

    def open_report(name: str, width: int = 1280, dark: bool = False):
        opened.append(browser.open(reports[name], width, dark=dark))
        return opened[-1]

    yield open_report
    for one in opened:
        one.close()
