"""The page of a comparison: one file that says everything, runs nothing and asks the network for nothing."""

import dataclasses
import re
from html.parser import HTMLParser

from scripts.comparison.page import MOST_CHARTS, MOST_VALUES, charted, page
from scripts.comparison.series import Series
from tests.scripts.comparison.trainings import name_of, run

VOID = {"meta", "link", "input"}


class Page(HTMLParser):
    """rows: the text of the cells, by row, of all tables. tags: every one, with its attributes. Fails on a tag that is
    not closed in its turn.
    """

    def __init__(self, text: str):
        super().__init__()
        self.rows, self.tags, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "tr" in self._open and self._open[-1] != "tr":
            self.rows[-1][-1] += data

    def row(self, label: str) -> list[str]:
        return next(row for row in self.rows if label in row[0])

    def all(self, tag: str) -> list[dict]:
        return [given for name, given in self.tags if name == tag]


def shown(*runs):
    return Page(page(runs, "Trainings compared", [("In TensorBoard:", "tensorboard --logdir out")]))


def test_every_run_has_a_column_and_every_row_a_header():
    found = shown(run(1, lr="0.001", top1=0.8), run(2, lr="0.01"))
    assert found.rows[0] == ["training", f"1 {name_of(1)}", f"2 {name_of(2)}"]
    assert found.row("lr") == ["≠ differs: lr", "0.001", "0.01"]
    assert found.row("test accuracy, top-1")[1:] == ["80.0%95%: 77.6% to 82.1%", "87.0% ★(the best)95%: 84.6% to 89.1%"]
    heads = found.all("th")
    assert all("scope" in given for given in heads) and found.all("caption")


def test_each_metric_is_a_chart_of_all_runs_with_its_values_as_a_table():
    found = shown(run(1), run(2), run(3, count=4))
    labels = [given["aria-label"] for given in found.all("svg") if "aria-label" in given]
    assert labels == [f"{metric} by epoch, of 3 runs" for metric in ("valid_accuracy", "valid_loss", "train_loss")]
    assert found.rows[-1][0] == "6" and found.rows[-1][3] == ""  # the third run had 4 epochs
    assert [given["id"] for given in found.all("input")] == ["show-1", "show-2", "show-3"]


def test_what_a_job_says_is_neither_run_nor_loaded():
    hostile = "</td><script>alert(1)</script><img src='https://x.example/x.png'>"
    bad = dataclasses.replace(
        run(1, note=hostile),
        reason=hostile,
        facts={"image": hostile},
        series={hostile: Series(((1, 1.0), (2, 2.0)), False)},
        notes=(hostile,),
    )
    text = page([bad, run(2)], hostile, [(hostile, hostile)])
    found = Page(text)
    assert not {"script", "img", "iframe"} & {tag for tag, _ in found.tags}
    assert not re.search(r"@import|url\(|(src|href)='?https?:", text.replace("&", ""))


def test_runs_without_curves_say_so():
    bare = dataclasses.replace(run(1), series={"test_accuracy": Series(((1, 0.5),), False)})
    text = page([bare], "x")
    assert "so there is no curve to draw" in text and "<fieldset" not in text and "show-1'" not in text
    assert "One training: name more of them" in text


def test_a_run_without_curves_among_others_has_no_checkbox():
    bare = dataclasses.replace(run(2), series={})
    assert [given["id"] for given in shown(run(1), bare, run(3)).all("input")] == ["show-1", "show-3"]


def test_a_long_log_makes_a_short_page():
    long = {f"metric {place}": Series(tuple((n, float(n)) for n in range(1, 5001)), False) for place in range(20)}
    many = dataclasses.replace(run(1), series=long)
    assert len(charted([many])) == 20
    text = page([many, run(2)], "x")
    assert text.count("<figure>") == MOST_CHARTS and "more metrics are left out" in text
    assert text.count("<tr>") < MOST_CHARTS * (MOST_VALUES + 3) + 100 and "Every 25th of 5000." in text


def test_ours_are_the_first_charts_and_the_time_of_an_epoch_is_none():
    odd = dataclasses.replace(run(2), series={**run(2).series, "auc": Series(((1, 1.0), (2, 2.0)), True)})
    assert charted([run(1), odd]) == ["valid_accuracy", "valid_loss", "train_loss", "auc"]
