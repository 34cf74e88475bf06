"""The page of `make compare` in a real browser: whole in every light and width, by keyboard, and by axe-core's rules.

https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

import dataclasses
import json
from pathlib import Path

import pytest

from scripts.comparison.page import page
from scripts.comparison.series import Series
from tests.report_page.test_report_page import CUT, EMPTY, FAINT, TOO_WIDE
from tests.scripts.comparison.trainings import run

DESK, PHONE = 1280, 390
AXE = Path(__file__).parents[2] / "out/axe-core/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIOLATIONS = """axe.run(document, {runOnly: %s}).then(found => found.violations.map(one =>
    one.id + ': ' + one.help + ' ' + one.nodes.map(node => node.target.join(' ')).join(', ')))"""
CHARTS = {"two": 3, "many": 4, "odd": 1}


def runs(name: str):
    two = [run(1, lr="0.001", height=0.7, top1=0.8), run(2, lr="0.01", arch="timm/tf_efficientnet_lite0")]
    if name == "two":
        return two
    if name == "many":
        more = [run(n, lr=f"0.0{n}", height=0.4 + n / 40, count=2 + n) for n in range(3, 13)]
        auc = Series(tuple((n, n / 7) for n in range(1, 60)), False)
        return [*two, *more, dataclasses.replace(run(13), series={"validation:auc": auc})]
    bad = dataclasses.replace(
        run(3),
        name="j" * 63,
        status="Failed",
        reason="AlgorithmError: " + "no space here " * 30 + "x" * 300,
        series={"l" * 60: Series(((1, 3.0), (2, 2.0)), False)},
        figures={},
        notes=("It left no figures: neither its log nor its output has any.",),
    )
    going = dataclasses.replace(run(4), status="InProgress", series={}, figures={})
    return [bad, going]


@pytest.fixture
def show(browser, tmp_path):
    """`show(name, width, dark)` opens a page; it is closed when the test ends."""
    opened = []

    def open_page(name: str, width: int = DESK, dark: bool = False):
        file = tmp_path / f"{name}.html"
        found = runs(name)
        file.write_text(
            page(found, f"{len(found)} trainings compared", [("In TensorBoard:", "tensorboard --logdir x")])
        )
        opened.append(browser.open(file, width, dark=dark))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", CHARTS)
def test_a_comparison_is_whole_in_every_light_and_width(show, name, width, dark):
    shown = show(name, width, dark)
    assert shown.complaints() == []
    assert [one for one in shown.loaded() if not one.startswith("data:")] == [shown.value("location.href")]
    assert shown.value("document.querySelectorAll('svg.plot').length") == CHARTS[name]
    assert shown.value("document.documentElement.scrollWidth") <= width and shown.value(TOO_WIDE) == []
    assert shown.value(CUT.replace(".card", "figure")) == []
    assert shown.value(EMPTY) == [] and shown.value(FAINT) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_axe_finds_nothing(show, width, dark):
    if not AXE.is_file():
        pytest.fail("axe-core is not in out/axe-core. `make test-report` fetches it from npm, once.")
    for name in CHARTS:
        shown = show(name, width, dark)
        shown.value("document.querySelectorAll('details').forEach(one => one.open = true)")
        shown.value(AXE.read_text())
        assert shown.value(VIOLATIONS % json.dumps(TAGS)) == [], name


def test_a_checkbox_takes_its_run_out_of_every_chart_and_brings_it_back(show):
    shown = show("two")
    visible = "[...document.querySelectorAll('.plot g.run-1')].filter(one => one.getBoundingClientRect().width).length"
    assert shown.value(visible) == 3
    shown.value("document.querySelector('#show-1').click()")
    assert shown.value(visible) == 0
    assert shown.value(visible.replace("run-1", "run-2")) == 3
    shown.value("document.querySelector('#show-1').click()")
    assert shown.value(visible) == 3


def test_the_first_column_stays_where_the_table_is_scrolled(show):
    shown = show("many", PHONE)
    shown.value("document.querySelector('.side').scrollLeft = 600")
    place = "document.querySelector('.side [scope=row]').getBoundingClientRect().left"
    assert 0 <= shown.value(place) < 30


def test_the_keyboard_reaches_table_checkboxes_and_values(show):
    shown = show("two")
    reached = []
    for _ in range(6):
        shown.ask("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        shown.ask("Input.dispatchKeyEvent", type="keyUp", key="Tab", windowsVirtualKeyCode=9)
        reached.append(
            shown.value(
                "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle !== 'none']"
            )
        )
    assert reached == [["DIV", True], *[["INPUT", True]] * 2, *[["SUMMARY", True]] * 3]


def test_runs_have_colours_of_their_own(show):
    shown = show("many")
    colours = shown.value(
        "[...document.querySelectorAll('.legend label path')].map(one => { const style = getComputedStyle(one); "
        "return style.stroke + style.strokeDasharray; })"
    )
    assert len(colours) == len(set(colours)) == 13
