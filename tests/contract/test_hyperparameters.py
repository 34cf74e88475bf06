"""The one table of hyperparameters: complete, consistent, and what it says of a value."""

import pytest

from contract.feature_sharing import keeping_apart, trains_on_features
from contract.hyperparameters import DECLARATIONS, markdown_table, parse, read


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_hyperparameter_has_a_default_that_it_takes_and_a_help(name):
    declared = DECLARATIONS[name]
    assert declared.help and declared.default_described and declared.kind.described
    if declared.default is not None:
        declared.kind.read(declared.default)


def test_the_table_is_markdown_with_a_row_for_each():
    lines = markdown_table().splitlines()
    assert len(lines) == len(DECLARATIONS) + 2 and all(line.startswith("|") and line.endswith("|") for line in lines)
    default = "0.001; 0.0003 where pretrained weights are fine-tuned"
    meaning = "peak rate of AdamW: a linear rise, then half a cosine"
    assert f"| `lr` | {default} | above 0, at most 10 | {meaning} |" in lines


def test_a_value_that_is_none_is_named_with_what_it_must_be():
    with pytest.raises(ValueError, match=r"^Hyperparameter batch-size: must be a whole number, not 'many'.$"):
        read("batch-size", "many")
    with pytest.raises(ValueError, match=r"^Hyperparameter learning-rat is unknown. The known ones are: "):
        parse({"learning-rat": "1"})


@pytest.mark.parametrize("frozen", ["true", "1", "yes", "on", "false", "0", "off"])
@pytest.mark.parametrize("views", [None, "0", "2", "2.0"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"mixup": "0"},
        {"mixup": "0.4"},
        {"cutmix": "0.0"},
        {"cutmix": "1"},
        {"trivial-augment": "yes"},
        {"test-flip": "true"},
        {"test-flip": "0"},
    ],
)
def test_texts_and_values_agree_on_whether_features_stand_for_pictures(frozen, views, more):
    given = {"freeze-backbone": frozen} | ({"feature-views": views} if views else {}) | more
    assert trains_on_features(given) == parse(given).trains_on_features


def test_trials_with_other_features_share_none():
    checked = [
        "arch",
        "pretrained",
        "freeze-backbone",
        "image-size",
        "min-crop",
        "feature-views",
        "mixup",
        "cutmix",
        "trivial-augment",
        "test-flip",
    ]
    assert keeping_apart({"freeze-backbone": "true"}, [*checked, "lr", "batch-size", "seed"]) == checked
    assert keeping_apart({"freeze-backbone": "true", "pretrained": "none"}, ["seed", "lr"]) == [
        "seed"
    ]  # it draws the backbone's weights
