"""Hyperparameters arrive as strings; what is wrong with one is said in a sentence that names it."""

import pytest

from container.runtime.failure import TrainingFailure
from container.training.hyperparameters import parse


def test_defaults_fine_tune_a_resnet34():
    hyperparameters = parse([])
    assert (hyperparameters.arch, hyperparameters.pretrained, hyperparameters.image_size) == ("resnet34", "auto", 224)


@pytest.mark.parametrize(
    ("arguments", "head_epochs", "early_lr", "freeze_batch_norm"),
    [
        ([], 1, 0.1, True),
        (["--epochs", "1"], 0, 0.1, True),
        (["--pretrained", "none"], 0, 1, False),
        (["--freeze-backbone", "true"], 0, 1, False),
        (["--head-epochs", "0", "--early-lr", "1", "--freeze-batch-norm", "false"], 0, 1, False),
        (
            ["--pretrained", "none", "--head-epochs", "3", "--early-lr", "0.5", "--freeze-batch-norm", "true"],
            3,
            0.5,
            True,
        ),
    ],
)
def test_pretrained_weights_are_trained_after_the_head_and_more_gently(
    arguments, head_epochs, early_lr, freeze_batch_norm
):
    found = parse(arguments)
    assert (found.head_epochs, found.early_lr, found.freeze_batch_norm) == (head_epochs, early_lr, freeze_batch_norm)


@pytest.mark.parametrize(
    ("arguments", "lr"),
    [
        ([], 0.0003),
        (["--pretrained", "none"], 0.001),
        (["--freeze-backbone", "true"], 0.001),
        (["--lr", "0.01"], 0.01),
    ],
)
def test_pretrained_weights_are_fine_tuned_at_a_lower_rate_than_random_ones_or_a_head(arguments, lr):
    assert parse(arguments).lr == lr


@pytest.mark.parametrize("given", ["64", '"64"', "64.0", " 64 "])
def test_a_number_means_the_same_in_either_quoting(given):
    assert parse(["--batch-size", given]).batch_size == 64


@pytest.mark.parametrize(
    ("given", "value"), [("True", True), ('"false"', False), ("0", False), ("yes", True), ("on", True), ("off", False)]
)
def test_a_boolean_may_be_written_in_the_usual_ways(given, value):
    assert parse(["--freeze-backbone", given]).freeze_backbone is value


def test_what_the_tuning_service_injects_is_taken():
    assert parse(["--_tuning_objective_metric", "valid_accuracy", "--lr", "0.1"]).lr == 0.1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lr", "0"], "Hyperparameter lr: must be above 0 and at most 10, not 0."),
        (["--lr", "nan"], "Hyperparameter lr: must be above 0 and at most 10, not nan."),
        (["--lr", "-0.1"], "Hyperparameter lr: must be above 0 and at most 10, not -0.1."),
        (["--lr", "fast"], "Hyperparameter lr: must be a number, not 'fast'."),
        (["--epochs", "2.5"], "Hyperparameter epochs: must be a whole number, not '2.5'."),
        (["--epochs", "inf"], "Hyperparameter epochs: must be a whole number, not 'inf'."),
        (["--batch-size", "0"], "Hyperparameter batch-size: must be at least 1 and at most 65536, not 0."),
        (["--image-size", "9999"], "Hyperparameter image-size: must be at least 32 and at most 1024, not 9999."),
        (["--freeze-backbone", "perhaps"], "Hyperparameter freeze-backbone: must be true or false, not 'perhaps'."),
        (["--pretrained", "yes"], "Hyperparameter pretrained: must be one of auto, none, not 'yes'."),
        (
            ["--head-epochs", "10"],
            "Hyperparameter head-epochs: 10 leaves no epoch for the whole network. Make it less than epochs (10)",
        ),
        (
            ["--freeze-backbone", "true", "--head-epochs", "1"],
            "Hyperparameter head-epochs: 1 leaves no epoch for the whole network, and with freeze-backbone=true there",
        ),
        (["--early-lr", "2"], "Hyperparameter early-lr: must be above 0 and at most 1, not 2."),
        (["--ema", "1"], "Hyperparameter ema: must be at least 0 and at most 0.99999, not 1."),
        (["--batchsize", "3"], "Hyperparameter batchsize is unknown. Did you mean batch-size?"),
        (["--learning_rate", "3"], "Hyperparameter learning_rate is unknown."),
        (["--epoch", "3"], "Hyperparameter epoch is unknown. Did you mean epochs?"),
        (["--help", "1"], "Hyperparameter help is unknown."),
        (["stray"], "Hyperparameter stray is unknown."),
        (["lr", "0.1"], "Hyperparameter lr must be written --lr, with a value behind it."),
        (["--lr"], "Hyperparameter lr has no value."),
    ],
)
def test_a_mistake_is_named(arguments, sentence):
    with pytest.raises(TrainingFailure) as failure:
        parse(arguments)
    assert str(failure.value).startswith(sentence)
