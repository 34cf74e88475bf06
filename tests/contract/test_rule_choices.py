"""The hyperparameter `rules`: which texts are rules, and what is said of the others."""

import pytest

from contract.rule_choices import RuleChoice, parse_rules
from contract.rule_parameters import RULES, parameters_of


def test_default_is_all_ten_rules_with_their_defaults():
    choices = parse_rules(" default ")
    assert [choice.name for choice in choices] == list(RULES) and len(choices) == 10
    assert not any(choice.stops for choice in choices)
    assert choices[1] == RuleChoice("VanishingGradient", {"threshold": 1e-7}, False)


def test_off_is_no_rule():
    assert parse_rules("off") == []


def test_a_list_has_parameters_and_rules_that_end_the_training():
    first, second, third = parse_rules(
        "LossNotDecreasing(num_steps=20, diff_percent=1.5, mode=eval), VanishingGradient:stop ,DeadRelu( "
        "threshold_layer = 90 ) : stop"
    )
    chosen = {"num_steps": 20, "diff_percent": 1.5, "mode": "EVAL"}
    assert first == RuleChoice("LossNotDecreasing", parameters_of("LossNotDecreasing", {}) | chosen, False)
    assert second == RuleChoice("VanishingGradient", {"threshold": 1e-7}, True)
    assert third.stops and third.parameters["threshold_layer"] == 90


def test_a_quoted_value_may_have_commas_and_brackets():
    [rule] = parse_rules("DeadRelu(tensor_regex='(fc|layer4)[.]x{1,2}_output',threshold_inactivity=2)")
    assert (
        rule.parameters["tensor_regex"] == "(fc|layer4)[.]x{1,2}_output"
        and rule.parameters["threshold_inactivity"] == 2
    )


def test_an_empty_pair_of_brackets_means_the_defaults():
    assert parse_rules("Overfit()") == parse_rules("Overfit")


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("VanishingGradients", "Rule VanishingGradients is unknown. Did you mean VanishingGradient?"),
        ("overfit", "Rule overfit is unknown. Did you mean Overfit?"),
        ("StalledTrainingRule", "Did you mean StalledTraining?"),
        ("Overfit(patients=2)", "Rule Overfit has no parameter patients. Did you mean patience?"),
        (
            "Overfit(patience=few)",
            "Parameter patience of rule Overfit must be a whole number of at least 0, not 'few'.",
        ),
        ("Overfit(patience=1.5)", "must be a whole number"),
        ("Overfit(ratio_threshold=nan)", "must be a number above 0, not 'nan'"),
        ("LossNotDecreasing(diff_percent=100)", "must be a number above 0 and below 100"),
        ("LossNotDecreasing(mode=TEST)", "must be TRAIN, EVAL or GLOBAL"),
        ("LossNotDecreasing(use_losses_collection=maybe)", "must be true or false"),
        ("DeadRelu(tensor_regex='(')", "must be a regular expression"),
        ("ExplodingTensor(collection_names='a b')", "must be names of collections"),
        ("Overfit(patience=1,patience=2)", "Parameter patience of rule Overfit is given twice."),
        ("Overfit,Overfit(patience=2)", "Rule Overfit is named twice."),
        ("Overfit:halt", "only :stop may stand there"),
        ("Overfit(patience)", "cannot be read from 'patience' on"),
        ("Overfit(patience=1", "cannot be read"),
        ("Overfit,,DeadRelu", "cannot be read from ',DeadRelu' on"),
        ("Overfit DeadRelu", "cannot be read from 'DeadRelu' on"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_rule_is_a_sentence(text, sentence):
    with pytest.raises(ValueError) as raised:
        parse_rules(text)
    assert sentence in str(raised.value)
