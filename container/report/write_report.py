"""A run's report as files: report.html to read, and report.json, the record without the pictures, for programs."""

import json
from dataclasses import replace
from pathlib import Path

from container.report.page import page
from container.report.record import RunRecord
from contract.atomic_write import write_atomically

PAGE, RECORD = "report.html", "report.json"


def write_report(record: RunRecord, folder: Path) -> Path:
    """Write both files, each whole or not at all, over those of an earlier call. Returns the page's path. Raises
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RECORD, json.dumps(replace(record, pictures=None).to_dict(), indent=1, allow_nan=False))
    write_atomically(folder / PAGE, page(record))
    return folder / PAGE
