"""Each chart is well-formed SVG that shows every value it is given."""

import math
import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from container.report.axis import linear_axis, whole_axis
from container.report.class_statistics import small_classes
from container.report.confusion_chart import confusion_chart
from container.report.line_chart import Line, line_chart
from container.report.plot import path_of
from container.report.record import Bin, Calibration, GradientNorms, PhaseTime, StepSeries, System
from container.report.sections.gradients import norms_by_depth, norms_by_step
from container.report.sections.inputs import class_chart
from container.report.sections.reliability import reliability_chart
from container.report.step_chart import share_bar, stacked_steps
from container.report.system_timeline import small_multiples

HOSTILE = "<b>\x01'\"&]]>\ud800"


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(r"class=([\w-]+)>", r"class='\1'>", f"<all>{markup}</all>"))


def words(markup: str) -> str:
    return " ".join(parsed(markup).itertext())


def labels(chart: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """The names of a chart's lines, without the bead before each."""
    return {
        "".join(one.itertext()).removeprefix("● "): one for one in chart.iter("text") if "label" in one.get("class")
    }


def lines(*series: list, xs=None) -> str:
    xs = xs or list(range(1, len(series[0]) + 1))
    return line_chart(
        "Loss",
        xs,
        [Line(f"line{place}", values, f"s{place + 1}") for place, values in enumerate(series)],
        x=whole_axis(min(xs), max(xs)),
        y=linear_axis(value for values in series for value in values),
        x_title="epoch",
        x_tick=str,
        y_tick=str,
        said=lambda value: f"{value:.2f}",
    )


def test_a_line_goes_through_its_points_and_is_named_with_its_last_value():
    chart = lines([4.0, 2.0, 0.0])
    assert "M0 0L500 110L1000 220" in chart
    assert "line0 0.00" in words(chart)


def test_a_value_that_is_no_number_breaks_the_line():
    drawn = re.search(r"class='line s1' d='([^']*)'", lines([4.0, 3.0, math.nan, 1.0, None, 0.0, 0.5]))[1]
    assert drawn.count("M") == 3 and "nan" not in drawn


def test_a_line_that_stops_early_says_where():
    chart = parsed(lines([4.0, 3.0, 2.0, 1.0], [2.0, 1.5, math.nan, math.nan]))
    assert set(labels(chart)) == {"line0 1.00", "line1 1.50, epoch 2"}


def test_one_epoch_is_a_dot():
    chart = parsed(lines([2.0]))
    assert [one.get("cx") for one in chart.iter("circle")] == ["50.00%"]


def test_a_point_without_neighbours_is_drawn():
    assert path_of([(0.0, 1.0), None, (0.5, 0.5), (1.0, 0.0)], 100) == "M0 0h0M500 50L1000 100"


def test_labels_that_would_meet_are_moved_apart():
    chart = parsed(lines([1.0, 0.5], [2.0, 0.5001], [3.0, 0.4999]))
    places = sorted(float(one.get("y")) for one in labels(chart).values())
    assert len(places) == 3 and all(below - above >= 14 for above, below in pairwise(places))


def test_a_thousand_epochs_are_few_points_under_the_pointer_and_in_the_line():
    assert len(lines([1 / epoch for epoch in range(1, 1001)], [2 / epoch for epoch in range(1, 1001)])) < 120_000


def test_each_of_110_layers_has_its_line_and_its_place_by_depth(full):
    norms = full.gradient_norms
    by_step, by_depth = parsed(norms_by_step(norms)), parsed(norms_by_depth(norms))
    assert len(list(by_step.iter("path"))) == 110 == len(list(by_depth.iter("circle")))
    assert len({one.get("class") for one in by_step.iter("path")}) == 8
    assert 2 <= len(labels(by_step)) <= 4 and {"conv1.weight", "fc.3.weight"} <= set(labels(by_step))


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.1], [math.nan, 1.0, math.inf], [None, None, 1e-30]])
def test_norms_that_have_no_place_on_a_logarithmic_axis_are_gaps(values):
    norms = GradientNorms([1, 2, 3], {"a": values, "b": [1.0, 2.0, 3.0]})
    for chart in (norms_by_step(norms), norms_by_depth(norms)):
        parsed(chart)
        assert "nan" not in chart and "inf" not in chart


def test_the_bar_of_phases_is_whole():
    bar = parsed(share_bar({"forward": PhaseTime(share=0.5), "backward": PhaseTime(share=0.3), "lost": PhaseTime()}))
    widths = [float(re.search(r"width:([\d.]+)%", one.get("style"))[1]) for one in bar.iter("span")]
    assert widths == [62.5, 37.5]


def test_the_stacked_phases_add_up_to_the_step():
    chart = parsed(
        stacked_steps(StepSeries([1, 2], {"forward": [1.0, 1.0], "backward": [3.0, 2.0]}), ["forward", "backward"])
    )
    forward, backward = (one.get("d") for one in chart.iter("path"))
    assert forward == "M0.0 150.0L1000.0 150.0L1000.0 200.0L0.0 200.0Z"  # 1 s of 4
    assert backward.startswith("M0.0 0.0L1000.0 50.0")  # to 4 s and to 3 s


@pytest.mark.parametrize(
    "series",
    [
        StepSeries([5], {"a": [0.1]}),
        StepSeries([1, 2, 3], {"a": [None, math.nan, 1.0], "b": [1.0]}),
        StepSeries(list(range(1, 9_001)), {"a": [0.1] * 9_000}),
    ],
)
def test_one_step_missing_times_and_many_steps_can_be_stacked(series):
    chart = stacked_steps(series, list(series.phases))
    parsed(chart)
    assert "nan" not in chart and len(chart) < 40_000


def test_each_counter_has_a_chart_but_one_that_gave_nothing():
    system = System(
        [0.0, 1.0, 2.0],
        {"CPU, %": [10.0, 30.0, None], "GPU 0, %": [None, None, None], "GPU 0 power, W": [200.0, 240.0, 220.0]},
    )
    markup = small_multiples(system)
    assert len(list(parsed(markup).iter("svg"))) == 4  # a frame and a stretched box each
    assert "CPU mean 20%, highest 30%" in re.sub(" +", " ", words(markup)) and "mean 220 W, highest 240 W" in words(
        markup
    )


def test_every_cell_of_a_confusion_matrix_is_drawn_once(full):
    found = full.evaluation
    chart = parsed(confusion_chart(found.classes, found.confusion_matrix))
    cells = [one for one in chart.iter("rect") if one.get("class") != "frame"]
    assert len(cells) == sum(n > 0 for row in found.confusion_matrix for n in row)
    assert {one.get("class") for one in cells} == {"right", "wrong"}


def test_few_classes_have_their_names_and_many_have_numbers(full):
    few = confusion_chart(["Amber", "Slate"], [[3, 1], [0, 4]])
    assert words(few).count("Slate") >= 2 and "Amber → Slate: 1 of 4 pictures" in words(few)
    many = parsed(confusion_chart(full.evaluation.classes, full.evaluation.confusion_matrix))
    assert [one.text for one in many.iter("span")][:3] == ["1", "10", "20"]


def test_a_matrix_full_of_mistakes_stays_small():
    chart = confusion_chart([f"class {place}" for place in range(133)], [[1] * 133 for _ in range(133)])
    assert len(chart) < 1_900_000


def test_a_dot_of_the_reliability_diagram_lies_where_its_bin_says():
    chart = parsed(reliability_chart(Calibration([Bin(0, 0.5), Bin(0.5, 1, 40, confidence=0.75, accuracy=0.5)], 0.25)))
    [dot] = chart.iter("circle")
    assert (dot.get("cx"), dot.get("cy")) == ("75.00%", "130.0")
    assert "40 pictures: 75.0% sure, 50.0% right" in "".join(dot.itertext())


def test_classes_with_few_pictures_are_the_ones_below_ten_or_a_third_of_the_median():
    assert small_classes({"a": 60, "b": 60, "c": 60, "d": 19, "e": 9}) == {"e": 9, "d": 19}
    assert small_classes({"a": 9, "b": 12}) == {"a": 9}
    assert small_classes({}) == {}


def test_names_from_outside_cannot_break_a_chart():
    for markup in (
        norms_by_step(GradientNorms([1, 2], {HOSTILE: [1.0, 2.0]})),
        norms_by_depth(GradientNorms([1], {HOSTILE: [1.0]})),
        share_bar({HOSTILE: PhaseTime(share=1.0)}),
        stacked_steps(StepSeries([1, 2], {HOSTILE: [1.0, 2.0]}), [HOSTILE]),
        small_multiples(System([0.0, 1.0], {f"{HOSTILE}, %": [1.0, 2.0]})),
        confusion_chart([HOSTILE, "b"], [[1, 1], [0, 1]]),
        class_chart(HOSTILE, {HOSTILE: 3, "b": 4}),
    ):
        tags = {one.tag for one in parsed(markup).iter()}
        assert "b" not in tags or markup.startswith("<div class='shares'")
        assert "<b>\ufffd" in words(markup) or "<b>\ufffd" in markup.replace("&lt;", "<").replace("&gt;", ">")
