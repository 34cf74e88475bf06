"""The files of a report: whole, replaced by the next, and the JSON without pictures."""

import html
import json
import os
import re

import pytest

from container.report.page import write_report
from container.report.record import RunRecord
from tests.container.report.full_record import full_record
from tests.container.report.record_of import record_of


def test_the_page_and_the_record_without_its_pictures_are_written(tmp_path, small):
    written = write_report(small, tmp_path / "output/data")
    assert written == tmp_path / "output/data/report.html" and written.read_text().startswith("<!doctype html>")
    read = json.loads(written.with_name("report.json").read_text())
    assert "pictures" not in read and small.pictures is not None
    small.pictures = None
    assert {name: value for name, value in read.items() if name != "summary"} == small.to_dict()


def test_the_record_has_the_sentences_of_the_summary_as_text(tmp_path):
    record = record_of(full_record(classes=[f"<b>{number}_A & B</b>" for number in range(3)]))
    written = write_report(record, tmp_path)
    said = json.loads(written.with_name("report.json").read_text())["summary"]
    assert [one["title"] for one in said] == ["How good it is", "Where it fails", "What to try next"]
    assert said[0]["sentences"][0].startswith("The model names ")
    [where] = said[1]["sentences"]
    assert "_A & B</b>" in where and not any(mark in where for mark in ("<bdi>", "<wbr", "&amp;", "&lt;"))
    assert where in html.unescape(re.sub("<[^>]*>", "", written.with_name("report.html").read_text()))


def test_a_run_that_measured_nothing_has_no_sentences(tmp_path):
    assert json.loads(write_report(RunRecord(), tmp_path).with_name("report.json").read_text())["summary"] == []


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
