"""The page: every part of a full record, a quiet line for every part of an empty one, and nothing that text from
outside could break.
"""

import copy
import math
import re

import pytest

from container.report.page import SECTIONS, page
from container.report.record import Epoch, Evaluation, Finding, GradientNorms, RunRecord, StepTimes, System
from tests.container.report.full_record import full_record
from tests.container.report.parsed_page import Page
from tests.container.report.record_of import record_of

ANCHORS = [
    "summary",
    "pictures",
    "confusions",
    "learning",
    "reliability",
    "checks",
    "gradients",
    "steps",
    "system",
    "hyperparameters",
    "data",
    "versions",
    "command",
]


def test_a_full_record_fills_every_section(full):
    found = Page(full)
    assert [attributes["id"] for tag, attributes in found.elements if tag == "section"] == ANCHORS
    assert len(SECTIONS) == len(ANCHORS) + 1
    nothing = Page(RunRecord()).texts
    assert not [anchor for anchor in ANCHORS if nothing[anchor] in found.texts[anchor]]
    assert found.count("img") == 12 + 6 + 6 * 3


def test_an_empty_record_says_in_a_line_for_each_section_why_it_is_empty():
    found = Page(RunRecord())
    assert [anchor for anchor in found.texts if anchor] == ANCHORS
    assert all(re.fullmatch(r"[A-Z][^.]+[a-z][A-Z][^.]+\.\s*", found.texts[anchor]) for anchor in ANCHORS)
    assert found.count("svg") == found.count("figure") == found.count("table") == 0


@pytest.mark.parametrize(
    "missing",
    [
        "splits",
        "epochs",
        "best_epoch",
        "gradient_norms",
        "rules",
        "findings",
        "step_times",
        "system",
        "evaluation",
        "pictures",
        "hyperparameters",
        "versions",
        "seconds",
        "started",
        "compute",
        "hosts",
        "command",
        "job",
    ],
)
def test_any_part_of_a_record_may_be_missing(missing):
    values = full_record(classes=4, epochs=3, steps=10, layers=5)
    del values[missing]
    Page(record_of(values))


def test_the_headline_has_the_accuracy_with_its_interval_and_how_it_was_come_by(full):
    summary = Page(full).texts["summary"]
    assert re.search(r"test accuracy\d\d\.\d%95% interval \d\d\.\d% to \d\d\.\d%", summary)
    for said in (
        "31 min 13 s",
        f"{full.splits['train'].pictures:,}133 classes",
        "NVIDIA A10G",
        "bfloat16 · 1 host",
        f"best epoch, {full.best_epoch} of 12",
        "2 issues found: Overfit, LowGPUUtilization",
    ):
        assert said in summary, said


@pytest.mark.parametrize(
    "status, said",
    [
        ("Failed", "Training failed."),
        ("Stopped", "Training was stopped before its end."),
        ("InProgress", "still running"),
    ],
)
def test_a_run_that_did_not_complete_says_so_on_top_with_its_reason(small, status, said):
    small.status, small.reason = status, "The training loss of epoch 2 is nan. Lower lr."
    top = Page(small).texts[""]
    assert said in top and small.reason in top


def test_what_fired_comes_before_what_could_not_be_evaluated_and_quiet_rules_share_a_line(full):
    text = Page(full).texts["checks"]
    quiet = "Found nothing: VanishingGradient, ExplodingTensor, LossNotDecreasing."
    order = [text.index(said) for said in ("Overfit", "above 0.1", "LowGPUUtilization", "58.3%", "DeadRelu", quiet)]
    assert order == sorted(order)
    assert "Had not finished: StalledTraining." in text


def test_a_share_is_written_without_a_gap_before_its_sign(small):
    small.findings = [Finding("CPUContention", 20.0, 70.7, "% of the cores' time", "Seen.", "Do.")]
    said = Page(small).texts["checks"]
    assert "70.7% of the cores' time" in said and "Threshold: 20% of the cores' time." in said


def test_losses_that_are_no_numbers_are_told():
    record = RunRecord(epochs=[Epoch(1, 2.0, 2.1), Epoch(2, math.nan, math.nan), Epoch(3, math.inf, math.nan)])
    text = Page(record).texts["learning"]
    assert "The training loss is not a number in 2 epochs, the first of them 2." in text
    assert "The validation loss is not a number in 2 epochs" in text


def test_layers_without_gradient_are_named():
    text = Page(
        RunRecord(gradient_norms=GradientNorms([1, 2], {"conv1.weight": [0.0, 0.0], "fc.weight": [1.0, 2.0]}))
    ).texts["gradients"]
    assert "1 layer without any gradient: conv1.weight." in text


def test_a_class_with_few_pictures_is_pointed_out(small):
    assert "A class with few pictures: Border_collie 6." in Page(small).texts["data"]


NAMES = ["<script>alert(1)</script>", 'O\'Neil & "co"', "\u05e9\u05dc\u05d5\u05dd", "x" * 80, "\x00\x1b\ud800"]


def test_text_from_outside_is_text(full):
    values = full_record(classes=NAMES, epochs=2, steps=5, layers=3)
    hostile = NAMES[0]
    for field in ("job", "reason", "command", "compute", "status"):
        values[field] = hostile
    values["hyperparameters"] = values["versions"] = {hostile: hostile}
    values["rules"] = [
        {"rule": hostile, "status": status, "sentence": hostile, "parameters": {hostile: hostile}}
        for status in ("IssuesFound", "NoIssuesFound", "Error")
    ]
    values["findings"] = [
        {"rule": hostile, "unit": hostile, "value": 1.0, "threshold": 2.0, "sentence": hostile, "advice": hostile}
    ]
    values["gradient_norms"]["layers"] = {hostile: [1.0, 1.0, 1.0, 1.0, 1.0]}
    values["system"]["series"] = {hostile: values["system"]["series"]["CPU, %"]}
    values["step_times"]["outliers"][0]["phase"] = hostile
    found = Page(record_of(values))
    assert (
        found.count("script") == 1
        and "alert(1)" not in re.findall(r"<script>(.*?)</script>", found.source, re.DOTALL)[0]
    )
    assert not re.search("[\x00-\x08\x1b\ud800-\udfff]", found.source)
    assert sum(text.count(hostile) for text in found.texts.values()) > 20


def test_a_name_from_right_to_left_does_not_turn_the_line_around_it(small):
    small.evaluation.classes[0] = NAMES[2]
    small.evaluation.confusion_matrix = [[0, 3, 0, 0], [0] * 4, [0] * 4, [0] * 4]
    assert f"<bdi>{NAMES[2]}</bdi>" in page(small)


def test_nothing_is_loaded_from_elsewhere(full):
    sources = [
        value
        for _, attributes in Page(full).elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action")
    ]
    assert len(sources) > 36 and all(one.startswith(("data:", "#")) for one in sources)
    assert not re.search(r"url\(|@import", page(full))


def test_links_within_the_page_have_their_target(full):
    found = Page(full)
    targets = {attributes.get("id") for _, attributes in found.elements}
    assert (
        {value[1:] for tag, attributes in found.elements if (value := attributes.get("href", "")).startswith("#")}
        == {"checks"}
        <= targets
    )


def test_133_classes_fit_in_three_megabytes():
    values = full_record(epochs=1000, steps=10_000)
    values["evaluation"]["confusion_matrix"] = [[1] * 133 for _ in range(133)]
    assert len(page(record_of(values)).encode()) < 3_000_000


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["epochs"].clear(),
        lambda values: values["epochs"].append({"epoch": 13}),
        lambda values: [
            one.update(train_loss=math.nan, valid_loss=math.nan, valid_accuracy=math.nan, learning_rate=math.nan)
            for one in values["epochs"]
        ],
        lambda values: [one.update(train_loss=math.inf, valid_loss=1e30) for one in values["epochs"]],
        lambda values: [one.update(train_accuracy=0.5) for one in values["epochs"]],
        lambda values: values.update(best_epoch=99, seconds=math.nan, hosts=4),
        lambda values: values["gradient_norms"].update(steps=[]),
        lambda values: values["gradient_norms"].update(layers={}),
        lambda values: values["gradient_norms"].update(layers={"a": [math.nan, 0.0], "b": []}),
        lambda values: values["step_times"].update(summary={}, series={"steps": [1], "phases": {}}),
        lambda values: values["step_times"].update(
            summary={"forward": {}}, series={"steps": [], "phases": {"forward": []}}, step={}
        ),
        lambda values: values["step_times"].update(
            series={"steps": [1, 2], "phases": {"forward": [0.0, 0.0]}}, outliers=[]
        ),
        lambda values: values["system"].update(seconds=[0.0], series={"CPU, %": [5.0]}),
        lambda values: values["system"].update(
            seconds=[0.0, 1.0], series={"CPU, %": [], "GPU 0, %": [math.nan, None], "power": [-1.0, 400.0, 3.0]}
        ),
        lambda values: values["system"].update(seconds=[], series={}),
        lambda values: values["evaluation"].update(
            n=0, top1=None, top5=None, loss=math.nan, top1_interval_95=[], confusion_matrix=[], calibration=None
        ),
        lambda values: values["evaluation"].update(
            confusion_matrix=[[0] * 4 for _ in range(4)], calibration={"bins": [], "ece": None}
        ),
        lambda values: values["evaluation"].update(
            n=0, temperature=None, temperature_origin="", uncalibrated=None, thresholds=[]
        ),
        lambda values: values["evaluation"].update(
            uncalibrated={"bins": [], "ece": None}, thresholds=[{"value": 0.5}], unknown_below=0.0
        ),
        lambda values: values["pictures"].update(best=[], worst=[], confused=[]),
        lambda values: values["splits"].update(train={"pictures": 0, "unreadable": 2, "classes": {}}),
        lambda values: values["splits"].update(train={"pictures": 0, "unreadable": 2, "classes": {"a": 0, "b": 0}}),
        lambda values: values.update(findings=[{"rule": "x"}], rules=[{"rule": "y", "status": "IssuesFound"}]),
    ],
)
def test_odd_values_make_a_page_without_a_trace_of_them(change):
    values = full_record(classes=4, epochs=3, steps=10, layers=5)
    change(values)
    found = Page(record_of(values))
    drawn = " ".join(
        str(value)
        for tag, attributes in found.elements
        for value in attributes.values()
        if tag in ("path", "line", "circle", "rect", "text")
    )
    assert not re.search(r"\bnan\b|\binf\b|None", drawn)


def test_making_a_page_leaves_the_record_as_it_was(small):
    before = copy.deepcopy(small)
    page(small)
    assert small == before


def test_parts_with_nothing_inside_are_as_if_they_were_not_there():
    record = RunRecord(step_times=StepTimes(), system=System(), evaluation=Evaluation(), gradient_norms=GradientNorms())
    assert Page(record).count("figure") == 0
    assert (
        "The steps of this run were not timed." in Page(record).texts["steps"]
        and "Gradients were not recorded" in Page(record).texts["gradients"]
    )
