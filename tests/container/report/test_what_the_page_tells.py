"""The page for whoever sees one for the first time: what comes first, what each chart means, what was left out."""

import re

from container.report.page import page
from tests.container.report.parsed_page import Page


def test_how_good_the_model_is_stands_before_its_figures_and_its_pictures(full):
    found = Page(full)
    order = ["Completed", "The model names", "Weakest on", "What to try next", "test accuracy", "Wrong, and sure of it"]
    whole = "".join(found.texts.values())
    places = [whole.index(said) for said in order]
    assert places == sorted(places)


def test_each_chart_has_a_line_that_says_what_good_looks_like(full):
    """Each figure with a chart in it, each metric of the machine, and the groups of pictures."""
    source = page(full)
    figures = re.findall(r"<figure class='card [^']*'>.*?</figure>", source, re.DOTALL)
    charts = [one for one in figures if "<svg" in one and "class='counters'" not in one]
    counters = source.split("<div class='counter'>")[1:]
    assert len(charts) >= 9 and len(counters) == len(full.system.series)
    for one in [*charts, *counters]:
        [legend] = re.findall(r"<(?:span|p) class='legend'>([^<]{20,})</", one.split("<svg")[0])
        assert "Good" in legend or "as it was set" in legend or "over the network" in legend, legend
    assert len(re.findall("<h3>(?:Wrong|Right), and sure of it</h3><p class='legend'>", source)) == 2


def test_pictures_that_are_left_out_of_training_are_counted(small):
    small.splits["train"].unreadable, small.splits["train"].repeated = 4, 17
    text = Page(small).texts["data"]
    assert "unreadablerepeated" in text and re.search(r"train\d+4417", text)
