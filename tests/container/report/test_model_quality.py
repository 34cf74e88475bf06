"""How good a model is and where it fails, in sentences that claim no more than the pictures show."""

import re

import pytest

from container.report.model_quality import ENOUGH, how_good, is_above_guessing, where_it_fails
from container.report.record import Evaluation
from container.training.evaluation import wilson_interval
from tests.container.report.evaluation_of import evaluation_of


def words(markup: str) -> str:
    return re.sub("<[^>]*>", "", markup)


GOOD = evaluation_of([95, 5, 0], [2, 97, 1], [0, 3, 97])


def test_a_good_model_is_told_with_its_interval_beside_guessing():
    assert words(how_good(GOOD)) == (
        "The model names 96.3% of 300 test pictures correctly (top-1 accuracy; 95% interval 93.6% to 97.9%). "
        "Guessing among 3 classes would be right for 33.3%."
    )
    assert is_above_guessing(GOOD)


def test_where_one_class_is_larger_always_naming_it_is_told_too():
    said = words(how_good(evaluation_of([880, 20], [60, 40])))
    assert "Guessing among 2 classes would be right for 50.0%, always naming the largest class for 90.0%." in said


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (evaluation_of([90, 0], [10, 0]), "So it has not learned to tell the classes apart."),
        (evaluation_of([55, 45], [45, 55]), "it is not certain that it is better than that."),
        (evaluation_of([3, 3], [2, 4]), f"So few pictures allow no closer figure: {ENOUGH} would give one"),
        (evaluation_of([90, 10], [0, 0]), "Pictures of one class alone say nothing"),
        (evaluation_of([95, 5], [5, 95], split="valid"), "There was no test split: the best epoch was chosen by these"),
    ],
)
def test_what_makes_a_figure_worth_less_is_said(found, sentence):
    assert sentence in words(how_good(found)) and sentence not in words(how_good(GOOD))


def test_so_many_pictures_give_a_figure_to_within_5_points():
    low, high = wilson_interval(ENOUGH // 2, ENOUGH)
    assert high - low <= 0.1


def test_the_weakest_classes_and_the_most_frequent_confusion_are_named_with_counts():
    assert words(where_it_fails(evaluation_of([40, 10, 0], [0, 50, 0], [0, 0, 50]))) == (
        "Weakest on A (40 of 50 right). Most frequent confusion: A taken for B, 10 of 50 pictures."
    )


def test_at_most_three_classes_are_named():
    rows = [[8 if column == row else (2 if column == (row + 1) % 4 else 0) for column in range(5)] for row in range(4)]
    found = evaluation_of(*rows, [0, 0, 0, 0, 60])
    assert words(where_it_fails(found)).count("8 of 10 right") == 3


def test_a_weakness_that_may_be_chance_is_called_so():
    said = words(where_it_fails(evaluation_of([3, 1, 0], [0, 4, 0], [1, 0, 3])))
    assert "Weakest on A (3 of 4 right), C (3 of 4 right); with so few pictures of a class that may be chance." in said
    assert "No class was taken for the same other one twice." in said
    assert "may be chance" not in words(where_it_fails(evaluation_of([35, 15], [0, 50])))


def test_a_model_without_a_mistake_fails_on_none():
    assert words(where_it_fails(evaluation_of([4, 0], [0, 4]))) == ("On none: every test picture was named correctly.")


def test_a_model_that_is_as_weak_on_every_class_is_told():
    assert words(where_it_fails(evaluation_of([8, 2], [2, 8]))).startswith("On all classes alike.")


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (1, "Nothing is known of B: no test picture shows it."),
        (5, "Nothing is known of B, C, D and 2 more: no test picture shows them."),
    ],
)
def test_classes_that_were_not_tested_are_named(classes, sentence):
    rows = [[9] + [0] * classes, *([0] * (classes + 1) for _ in range(classes))]
    assert sentence in words(where_it_fails(evaluation_of(*rows)))


def test_nothing_is_said_of_what_was_not_measured():
    for found in (Evaluation(), Evaluation(n=3), evaluation_of([0, 0], [0, 0])):
        assert how_good(found) == where_it_fails(found) == "" and not is_above_guessing(found)


def test_a_class_name_is_text():
    found = evaluation_of([40, 10], [0, 50])
    found.classes = ["<script>", "\u05e9\u05dc\u05d5\u05dd"]
    assert "<bdi>&lt;script&gt;</bdi> taken for <bdi>\u05e9\u05dc\u05d5\u05dd</bdi>" in where_it_fails(found)
