"""What the training program would refuse is refused before a job is created, and a user's own program is let be."""

import re
import time

import pytest

from scripts.config.hyperparameters import check_hyperparameters, check_ranges, parse_hyperparameters
from scripts.config.ranges import Categories, Interval, range_of_text
from scripts.console.failure import Failure
from scripts.requests.training_job import all_hyperparameters
from tests.scripts.requests.requested import settings

LR = {"lr": Interval(0.001, 0.1, False, "log")}


def test_words_of_the_command_line_become_values_and_a_value_may_have_an_equals_sign():
    assert parse_hyperparameters(["epochs=20", "rules=Overfit(patience=2):stop"]) == {
        "epochs": "20",
        "rules": "Overfit(patience=2):stop",
    }


@pytest.mark.parametrize("word", ["epochs", "epochs=", "=3", "Epochs=3", "--epochs=3"])
def test_a_word_of_another_form_is_a_sentence(word):
    with pytest.raises(Failure, match=re.escape(f"The hyperparameter {word!r} must be written name=value")):
        parse_hyperparameters([word])


def test_what_every_job_is_given_can_be_used():
    check_hyperparameters(all_hyperparameters(settings(), {}))
    check_hyperparameters({"lr": "0.01", "batch-size": '"64"', "freeze-backbone": "true"})
    check_ranges(settings().tune.ranges, all_hyperparameters(settings(), {}))


@pytest.mark.parametrize(
    "given, sentence",
    [
        ({"batch-sise": "64"}, "Hyperparameter batch-sise is unknown. Did you mean batch-size?"),
        ({"batch_size": "64"}, "Hyperparameter batch_size is unknown. Did you mean batch-size?"),
        ({"epochs": "many"}, "Hyperparameter epochs: must be a whole number, not 'many'."),
        ({"lr": "-1"}, "Hyperparameter lr: must be above"),
        ({"epochs": "3", "head-epochs": "3"}, "Hyperparameter head-epochs: 3 leaves no epoch for the whole network."),
        ({"debugger": "false", "rules": "Overfit"}, "Hyperparameter rules needs debugger=true, and debugger is false."),
    ],
)
def test_a_typo_a_wrong_value_and_a_contradiction_are_said(given, sentence):
    with pytest.raises(Failure, match=re.escape(sentence)):
        check_hyperparameters(given)


@pytest.mark.parametrize(
    "ranges, static, sentence",
    [
        ({}, {"batch-sise": "64"}, "Hyperparameter batch-sise is unknown. Did you mean batch-size?"),
        ({"learning-rate": Interval(0.1, 0.2, False, "auto")}, {}, "Hyperparameter learning-rate is unknown."),
        ({"lr": Interval(0, 0.1, False, "auto")}, {}, "Hyperparameter lr: must be above 0"),
        ({"dropout": Interval(0.1, 1.5, False, "auto")}, {}, "Hyperparameter dropout: must be at least 0"),
        ({"batch-size": Interval(1, 10**9, True, "auto")}, {}, "Hyperparameter batch-size: must be at least 1"),
        (
            {"batch-size": Interval(1, 64, False, "auto")},
            {},
            "Hyperparameter batch-size takes whole numbers: its range from 1 to 64 must have whole bounds",
        ),
        ({"arch": Interval(1, 2, True, "auto")}, {}, "Hyperparameter arch takes no numbers"),
        ({"pretrained": Categories(("auto", "non"))}, {}, "Hyperparameter pretrained: must be one of"),
        ({"batch-size": Categories(("32", "64", "lots"))}, {}, "must be a whole number, not 'lots'"),
    ],
)
def test_a_value_that_a_trial_could_get_and_not_use_is_said(ranges, static, sentence):
    with pytest.raises(Failure, match=re.escape(sentence)):
        check_ranges(ranges, static)


@pytest.mark.parametrize(
    "word, static",
    [
        ("lr=0.001..0.1", {"debugger": "false", "rules": "Overfit"}),
        ("epochs=2..4", {"head-epochs": "4"}),
        ("head-epochs=3,4", {"epochs": "3"}),
        ("lr=0.001..0.1", {"epochs": "3", "head-epochs": "3"}),
    ],
)
def test_a_search_none_of_whose_trials_could_run_is_said(word, static):
    name, _, text = word.partition("=")
    with pytest.raises(Failure, match=r"No trial could run\. Hyperparameter"):
        check_ranges({name: range_of_text(text)}, static)


@pytest.mark.parametrize(
    "words, static",
    [
        (["epochs=2..5"], {"head-epochs": "4"}),
        (["epochs=1..5", "head-epochs=1..5"], {}),
        (["freeze-backbone=true,false"], {"head-epochs": "1", "epochs": "5"}),
        (["epochs=10..20"], {"head-epochs": "6"}),
    ],
)
def test_a_search_some_of_whose_trials_can_run_is_let_be(words, static):
    check_ranges({name: range_of_text(text) for name, _, text in (word.partition("=") for word in words)}, static)


def test_trials_that_cannot_all_be_looked_at_are_let_be_within_a_moment():
    values = Categories(tuple(str(0.001 * number) for number in range(1, 31)))
    many = dict.fromkeys(("lr", "dropout", "weight-decay", "label-smoothing"), values)
    began = time.process_time()
    check_ranges(many, {"epochs": "3", "head-epochs": "3"})
    assert time.process_time() - began < 2


def test_hyperparameters_of_sagemaker_training_are_not_those_of_the_program():
    check_hyperparameters({"sagemaker_container_log_level": "30", "sagemaker_torch_distributed_enabled": "true"})
    check_ranges(LR, {"sagemaker_container_log_level": "30"})


def test_a_program_of_the_users_own_takes_what_it_likes():
    own = {"sagemaker_program": "mine.py", "batch-sise": "lots"}
    check_hyperparameters(own)
    check_ranges({"units": Interval(0.5, 8.5, False, "auto")}, own)
