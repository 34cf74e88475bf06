"""What a run's report advises: one rule for each course that a training takes."""

import math
import re

import pytest

from container.report.next_steps import MOST_STEPS, next_steps
from container.report.record import Epoch, Evaluation, RunRecord, SplitCounts
from tests.container.report.evaluation_of import evaluation_of

GOOD = evaluation_of([96, 2, 2], [2, 96, 2], [2, 2, 96])
DEFAULTS = {
    "lr": "0.001",
    "epochs": "8",
    "dropout": "0",
    "weight-decay": "0.01",
    "mixup": "0",
    "cutmix": "0",
    "trivial-augment": "false",
    "freeze-backbone": "false",
    "pretrained": "auto",
}
LEVEL = [0.9, 0.5, 0.4, 0.35, 0.33, 0.32, 0.315, 0.312]


def run(train=LEVEL, valid=LEVEL, evaluation=GOOD, classes=None, accuracies=None, **changed) -> RunRecord:
    """A run with these losses by epoch. changed: hyperparameters, with underscores; status, least."""
    accuracies = accuracies or [0.9] * len(valid)
    return RunRecord(
        status=changed.pop("status", "Completed"),
        least_train_loss=changed.pop("least", 0.0),
        hyperparameters=DEFAULTS | {name.replace("_", "-"): value for name, value in changed.items()},
        splits={"train": SplitCounts(classes=classes or dict.fromkeys("ABC", 50))},
        epochs=[
            Epoch(place + 1, train_loss, valid_loss, valid_accuracy=accuracy)
            for place, (train_loss, valid_loss, accuracy) in enumerate(zip(train, valid, accuracies, strict=True))
        ],
        evaluation=evaluation,
    )


def advised(record: RunRecord) -> dict[str, str]:
    """The sentences, without their tags, by rule and in their order."""
    return {one.rule: re.sub("<[^>]*>", "", one.sentence) for one in next_steps(record)}


def test_a_healthy_run_is_told_that_there_is_little_to_gain():
    [(rule, sentence)] = advised(run()).items()
    assert rule == "nothing" and "no sign of too many or too few epochs" in sentence


def test_a_model_without_a_mistake_is_to_be_tested_harder():
    assert "harder ones" in advised(run(evaluation=evaluation_of([50, 0], [0, 50])))["nothing"]


@pytest.mark.parametrize("losses", [{"train": [0.9, math.nan, 0.5]}, {"valid": [0.9, math.inf, 0.5]}])
def test_a_loss_that_is_no_number_asks_for_a_lower_rate_and_for_nothing_else(losses):
    record = run(**({"train": LEVEL[:3], "valid": LEVEL[:3]} | losses))
    assert advised(record) == {
        "loss-is-no-number": "The loss of epoch 2 is not a number: lower lr to 0.0001 (it is 0.001); if that does not "
        "help, set mixed-precision=false."
    }


def test_a_model_no_better_than_guessing_asks_for_a_look_at_the_folders():
    found = advised(run(evaluation=evaluation_of([90, 0], [30, 0])))
    assert "folders of their classes" in found["not-learned"] and "lr=0.0001 or 0.01" in found["not-learned"]


def test_a_model_that_too_few_pictures_show_to_be_better_than_guessing_is_not_called_that():
    assert "not-learned" not in advised(run(evaluation=evaluation_of([3, 1], [1, 3])))


FALLS = [0.9, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08]
RISES = [0.9, 0.6, 0.5, 0.45, 0.5, 0.55, 0.6, 0.62]


def test_validation_that_rises_while_training_falls_is_overfitting():
    sentence = advised(run(FALLS, RISES))["overfitting"]
    assert "after epoch 4 the validation loss rose from 0.450 to 0.620" in sentence
    assert (
        "trivial-augment=true, mixup=0.2 (it is 0), dropout=0.2 (it is 0), weight-decay=0.05 (it is 0.01)" in sentence
    )


@pytest.mark.parametrize(
    ("train", "valid"),
    [
        (RISES, RISES),  # both rise: not the pictures learnt by heart
        (FALLS, [0.9, 0.6, 0.5, 0.45, 0.46, 0.45, 0.47, 0.46]),  # level, within noise
        (FALLS, [0.1, 0.02, 0.01, 0.002, 0.003, 0.004, 0.005, 0.006]),  # a rise that is nearly nothing
        (FALLS[:2], [0.5, 0.9]),  # too few epochs
    ],
)
def test_other_courses_are_no_overfitting(train, valid):
    assert "overfitting" not in advised(run(train, valid))


@pytest.mark.parametrize("accuracies", [[0.995] * 8, [0.5, 0.6, 0.7, 0.8, 0.82, 0.84, 0.86, 0.88]])
def test_a_model_whose_accuracy_does_not_suffer_does_not_overfit(accuracies):
    """Its loss rises since it grows surer of its few mistakes."""
    assert "overfitting" not in advised(run(FALLS, RISES, accuracies=accuracies))


def test_a_frozen_backbone_is_not_advised_what_it_cannot_have():
    sentence = advised(run(FALLS, RISES, freeze_backbone="true"))["overfitting"]
    assert "mixup" not in sentence and "trivial-augment" not in sentence and "dropout=0.2" in sentence


def test_what_regularises_enough_already_is_not_advised():
    strong = {"dropout": "0.5", "weight_decay": "0.1", "mixup": "0.4", "trivial_augment": "true"}
    sentence = advised(run(FALLS, RISES, **strong))["overfitting"]
    assert "Collect more training pictures; more epochs" in sentence


IMPROVES = [1.0, 0.8, 0.7, 0.6, 0.5, 0.42, 0.35, 0.3]


def test_a_run_that_still_improves_at_its_end_asks_for_more_epochs():
    sentence = advised(run(IMPROVES, IMPROVES))["still-improving"]
    assert sentence == (
        "It still improved at the end (validation loss 0.420 to 0.300 since epoch 6): train longer, epochs=16."
    )
    by_accuracy = advised(run(LEVEL, LEVEL, accuracies=[0.5, 0.6, 0.7, 0.75, 0.8, 0.84, 0.86, 0.88]))
    assert "validation accuracy 84.0% to 88.0% since epoch 6" in by_accuracy["still-improving"]


def test_one_picture_more_is_no_improvement():
    record = run(LEVEL, LEVEL, accuracies=[0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.85, 0.875])
    assert "still-improving" in advised(record)
    record.splits["valid"] = SplitCounts(pictures=40)
    assert "still-improving" not in advised(record)


def test_a_run_that_has_nothing_left_to_gain_does_not_still_improve():
    assert "still-improving" not in advised(run(IMPROVES, IMPROVES, accuracies=[0.995] * 8))
    assert "still-improving" not in advised(run(IMPROVES, [*IMPROVES[:-1], 0.36]))  # its best epoch is not its last


def test_a_run_that_was_stopped_while_it_improved_is_to_run_to_its_end():
    record = run(IMPROVES[:6], IMPROVES[:6], epochs="20", status="Stopped")
    assert "let it run to its end, 20 epochs" in advised(record)["still-improving"]


@pytest.mark.parametrize(("count", "sentence"), [(1, "1 epoch is too few"), (2, "2 epochs are too few")])
def test_one_or_two_epochs_show_no_course(count, sentence):
    found = advised(run(LEVEL[:count], LEVEL[:count]))
    assert found["few-epochs"] == f"{sentence} to see a course: train longer, epochs=10."


HIGH = [0.8, 0.75, 0.74, 0.73, 0.73, 0.73, 0.73, 0.73]


def test_a_training_loss_that_stays_high_is_underfitting():
    sentence = advised(run(HIGH, HIGH))["underfitting"]
    assert "their loss is 0.730, and guessing gives 1.099" in sentence and "lr=0.003 (it is 0.001)" in sentence


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        ({"freeze_backbone": "true"}, "Train the whole network, freeze-backbone=false."),
        ({"pretrained": "none"}, "or begin with pretrained weights, pretrained=auto."),
    ],
)
def test_what_holds_an_underfitting_run_back_is_named(changed, advice):
    assert advice in advised(run(HIGH, HIGH, **changed))["underfitting"]


@pytest.mark.parametrize("changed", [{"least": 0.6}, {"mixup": "0.2"}, {"cutmix": "1"}])
def test_a_loss_that_smoothing_or_mixing_keeps_high_is_no_underfitting(changed):
    assert "underfitting" not in advised(run(HIGH, HIGH, **changed))


def test_a_model_that_names_nearly_all_is_not_underfitting():
    assert "underfitting" not in advised(run(HIGH, HIGH, accuracies=[0.995] * 8))


def test_a_run_that_improves_is_to_train_longer_before_it_is_called_underfitting():
    falling = [1.0, 0.98, 0.95, 0.92, 0.88, 0.84, 0.78, 0.7]
    assert set(advised(run(falling, falling))) == {"still-improving"}


def test_mistakes_that_lie_between_two_classes_ask_for_a_look_at_their_pictures():
    found = evaluation_of([40, 6, 0], [4, 40, 1], [0, 1, 49])
    assert (
        "Look at the pictures of A and B: 10 of 12 mistakes are between these two."
        in advised(run(evaluation=found))["two-classes"]
    )


@pytest.mark.parametrize(
    "found",
    [
        evaluation_of([40, 10], [8, 40]),  # there are only two
        evaluation_of([40, 2, 0], [1, 40, 0], [0, 0, 50]),  # three mistakes
        GOOD,  # a third of them, as between any two of three classes
        evaluation_of([40, 4, 4, 0], [0, 40, 4, 4], [4, 0, 40, 4], [4, 4, 0, 40]),  # everywhere
    ],
)
def test_other_mistakes_are_not_two_classes(found):
    assert "two-classes" not in advised(run(evaluation=found))


def test_a_weak_class_with_few_training_pictures_asks_for_more_of_them():
    weak = evaluation_of([6, 2, 2], [0, 50, 0], [0, 0, 50])
    found = advised(run(evaluation=weak, classes={"A": 6, "B": 50, "C": 60}))
    assert found["few-pictures"] == (
        "Collect more pictures of A (6 to train on; 6 of 10 right): the median class has 50."
    )
    assert "few-pictures" not in advised(run(evaluation=weak, classes={"A": 50, "B": 6, "C": 60}))


def test_at_most_three_things_are_advised_the_most_important_first():
    bad = evaluation_of([90, 5, 5, 0], [70, 5, 0, 0], [5, 0, 0, 0], [5, 0, 0, 0])
    record = run(FALLS, RISES, evaluation=bad, classes={"A": 50, "B": 50, "C": 6, "D": 6}, pretrained="none")
    assert list(advised(record)) == ["not-learned", "overfitting", "two-classes"] and MOST_STEPS == 3


@pytest.mark.parametrize("record", [RunRecord(), RunRecord(evaluation=Evaluation())])
def test_where_nothing_was_measured_nothing_is_advised(record):
    assert next_steps(record) == []


def test_a_failed_run_is_not_told_that_nothing_is_amiss():
    assert advised(run(status="Failed")) == {}


def test_a_record_without_hyperparameters_is_advised_too():
    record = run(FALLS, RISES)
    record.hyperparameters = {}
    assert "mixup=0.2, dropout=0.2, weight-decay=0.05;" in advised(record)["overfitting"]


def test_a_class_name_is_text():
    found = evaluation_of([40, 6, 0], [4, 40, 1], [0, 1, 49])
    found.classes = ["<b>", "\u05e9\u05dc\u05d5\u05dd", "C"]
    [step] = [one for one in next_steps(run(evaluation=found)) if one.rule == "two-classes"]
    assert "<bdi>&lt;b&gt;</bdi> and <bdi>\u05e9\u05dc\u05d5\u05dd</bdi>" in step.sentence
