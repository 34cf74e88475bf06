"""The files of a report: whole, replaced by the next, and the JSON without pictures."""

import json
import os

import pytest

from container.report.page import write_report
from container.report.record import RunRecord


def test_the_page_and_the_record_without_its_pictures_are_written(tmp_path, small):
    written = write_report(small, tmp_path / "output/data")
    assert written == tmp_path / "output/data/report.html" and written.read_text().startswith("<!doctype html>")
    read = json.loads(written.with_name("report.json").read_text())
    assert "pictures" not in read and small.pictures is not None
    small.pictures = None
    assert read == small.to_dict()


def test_the_next_report_takes_the_place_of_the_one_before(tmp_path, small):
    write_report(small, tmp_path)
    write_report(RunRecord(job="another"), tmp_path)
    assert "another" in (tmp_path / "report.html").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_report_that_cannot_be_written_leaves_the_one_before(tmp_path, small, monkeypatch):
    write_report(RunRecord(job="the first"), tmp_path)

    def full_disk(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_report(small, tmp_path)
    assert "the first" in (tmp_path / "report.html").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_others_may_read_the_files(tmp_path):
    write_report(RunRecord(), tmp_path)
    assert all(file.stat().st_mode & 0o444 == 0o444 for file in tmp_path.iterdir())
