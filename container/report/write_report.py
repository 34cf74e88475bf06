"""A run's report as files: report.html to read, and report.json, the record without the pictures, for programs."""

import json
import os
from dataclasses import replace
from pathlib import Path

from container.report.page import page
from container.report.record import RunRecord

PAGE, RECORD = "report.html", "report.json"


def write_report(record: RunRecord, folder: Path) -> Path:
    """Write both files, each whole or not at all, over those of an earlier call. Returns the page's path. Raises
    OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(folder / RECORD, json.dumps(replace(record, pictures=None).to_dict(), indent=1, allow_nan=False))
    _write_whole(folder / PAGE, page(record))
    return folder / PAGE


def _write_whole(file: Path, content: str) -> None:
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.write_text(content, encoding="utf-8")
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
