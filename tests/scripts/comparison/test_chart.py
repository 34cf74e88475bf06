"""Charts of several runs: whole, within their axes, and named."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from scripts.comparison.chart import HEIGHT, MOST_POINTS, MOST_TICKS, Line, chart, x_axis, x_title, y_axis
from scripts.comparison.series import Series


def line(number, *values, by_epoch=True):
    return Line(number, f"run <{number}>", Series(tuple(enumerate(values, 1)), by_epoch))


def drawn(lines, may_be_log=True):
    return ElementTree.fromstring(
        chart("a <title>", lines, tick=lambda value: f"{value:g}", shown=str, may_be_log=may_be_log)
    )


def points(svg, number):
    [path] = svg.findall(f"g[@class='run-{number}']/svg/path")
    numbers = [float(one) for one in re.findall(r"[\d.]+", path.attrib["d"])]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_each_run_is_a_line_with_its_number_at_its_end_and_its_name_on_its_dots():
    svg = drawn([line(1, 0.1, 0.5, 0.9), line(4, 0.2, 0.3)])
    assert svg.attrib["role"] == "img" and svg.attrib["aria-label"] == "a <title>"
    assert len(points(svg, 1)) == 3 and len(points(svg, 4)) == 2
    ends = {one.text: float(one.attrib["y"]) for one in svg.findall("text") if "end" in one.attrib["class"].split()}
    assert set(ends) == {"1", "4"} and ends["1"] < ends["4"]  # the higher value is higher up
    assert [one.text for one in svg.findall("g[@class='run-4']/circle/title")] == [
        "4 · run <4>, 1: 0.2",
        "4 · run <4>, 2: 0.3",
    ]


@pytest.mark.parametrize(
    "values",
    [(0.1, 0.9), (5.0, 5.0), (0.0, 0.0), (-3.0, 2.0), (1e-7, 3e-7), (1234567.0, 1e9), (0.001, 1000.0), (0.5,)],
)
def test_every_point_is_within_the_plot_and_the_ticks_are_few(values):
    svg = drawn([line(1, *values)])
    for across, down in points(svg, 1):
        assert 0 <= across <= 1000 and -0.01 <= down <= HEIGHT + 0.01
    axis = y_axis(values, str, True)
    assert 2 <= len(axis.ticks) <= MOST_TICKS + 1 and axis.low <= min(values) <= max(values) <= axis.high


def test_a_loss_that_spans_two_decades_has_a_logarithmic_axis_and_a_share_never():
    assert y_axis([0.001, 1.0], str, True).is_log and not y_axis([0.001, 1.0], str, False).is_log
    assert not y_axis([0.5, 1.0], str, True).is_log and not y_axis([0.0, 1.0], str, True).is_log


def test_numbers_at_the_ends_of_lines_that_meet_stand_apart():
    svg = drawn([line(number, 0.5, 0.1) for number in range(1, 9)])
    heights = sorted(float(one.attrib["y"]) for one in svg.findall("text") if "end" in one.attrib["class"].split())
    assert all(below - above >= 12.9 for above, below in pairwise(heights))
    assert heights[-1] <= HEIGHT + 5


def test_a_long_line_is_thinned_and_keeps_its_ends():
    svg = drawn([line(1, *(float(one % 7) for one in range(20_001)))])
    found = points(svg, 1)
    assert len(found) <= MOST_POINTS + 1 and found[0][0] == 0 and found[-1][0] == 1000
    assert not svg.findall("g/circle")


def test_a_single_epoch_is_in_the_middle():
    assert x_axis([1]).place(1) == 0.5 and [text for _, text in x_axis([3, 3]).ticks] == ["3"]


@pytest.mark.parametrize(
    ("kinds", "title"),
    [((True, True), "epoch"), ((False,), "order in the log"), ((True, False), "epoch, or order in the log")],
)
def test_the_axis_says_what_it_counts(kinds, title):
    assert x_title([Series(((1, 1.0),), kind) for kind in kinds]) == title
