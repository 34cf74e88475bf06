"""The page of a tuning job: one file that says everything and asks the network for nothing."""

import re
from html.parser import HTMLParser

import pytest

from scripts.tuning.page import page
from tests.scripts.tuning.jobs import NAME, many, trial, tuning

PICTURES = [("trial", b"light", b"dark"), ("lr", b"light", b"dark")]
VOID = {"meta", "img", "source"}


class Page(HTMLParser):
    """rows: of each table, the text of its cells. sources: of pictures. Fails on a tag that is not closed in its
    turn.
    """

    def __init__(self, text: str):
        super().__init__()
        self.tables, self.sources, self._open, self.classes = [], [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.sources += [given[name] for name in ("src", "srcset", "href") if name in given]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
            self.classes.append(given.get("class"))
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "tr" in self._open:
            self.tables[-1][-1][-1] += data


def test_every_trial_is_in_the_table_the_best_first():
    found = many(40, 3)
    best, every, _ = Page(page(found, PICTURES, "s3://b/model.tar.gz")).tables
    assert every[0] == ["trial", "status", "valid_accuracy", "lr", "batch-size", "dropout", "time", "reason"]
    assert [row[0].split()[0] for row in every[1:]] == [found.short_name(one) for one in found.ranked()]
    assert every[1][0].endswith("★") and sum("★" in row[0] for row in every) == 1
    assert [row[0] for row in best] == ["lr", "batch-size", "dropout", "model"] and best[-1][1] == "s3://b/model.tar.gz"


def test_nothing_is_loaded_from_elsewhere():
    text = page(many(10, 2), PICTURES, "s3://b/model.tar.gz")
    assert all(source.startswith("data:image/png;base64,") for source in Page(text).sources)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<link", text.replace("s3://b/", ""))


def test_each_panel_has_a_picture_for_a_light_and_one_for_a_dark_screen():
    text = page(many(10, 2), PICTURES, None)
    assert (
        text.count("<figure>") == 2
        and text.count("prefers-color-scheme: dark)' srcset='data:image/png;base64,ZGFyaw==") == 2
    )
    assert "alt='valid_accuracy by lr' src='data:image/png;base64,bGlnaHQ='" in text


def test_what_was_searched_and_what_was_the_same_in_every_trial_is_said():
    *_, searched = Page(page(many(3, 4), PICTURES, None)).tables
    assert searched == [
        ["lr", "1e-05 to 0.1, scale log"],
        ["batch-size", "32, 64, 128, 256"],
        ["dropout", "0.0 to 0.5, scale auto"],
        ["warmup-epochs", "1 to 5, whole, scale auto"],
        ["epochs", "20 in every trial"],
    ]


def test_text_from_the_service_cannot_become_markup():
    found = tuning(
        trial(1, None, "Failed", "<script>alert('x')</script>", lr="<b>"), failure="All <failed>", static={"a": "'><i>"}
    )
    text = page(found, [("<lr'", b"", b"")], None)
    Page(text)
    assert "<script" not in text and "<b>" not in text and "<i>" not in text and "All &lt;failed&gt;" in text


@pytest.mark.parametrize("found", [tuning(), tuning(trial(1, None, "Failed", "No.")), tuning(trial(1, 0.5, lr="0.1"))])
def test_a_tuning_job_without_trials_without_a_best_or_with_one_trial_has_a_page(found):
    text = page(found, PICTURES[:1], None)
    parsed = Page(text)
    assert f"<title>{NAME}</title>" in text
    assert len(parsed.tables) == (3 if found.best else 2)
    assert len(parsed.tables[-2]) == 1 + len(found.trials)


def test_the_facts_count_how_the_trials_ended():
    text = page(tuning(trial(1, 0.5), trial(2, 0.6), trial(3, None, "Failed")), PICTURES, None)
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", text))
    assert facts == {
        "best valid_accuracy": "0.6000",
        "trials": "3",
        "of them Completed": "2",
        "of them Failed": "1",
        "time": "12:30",
    }
