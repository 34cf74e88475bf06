"""Rooms do not import each other, so what stands in two of them must be the same in both."""

import ast
from pathlib import Path

import pytest

from container import data, failure, hyperparameters
from local_test import data_folder, demo_recipe
from local_test.environment import variables
from local_test.identity import new_access_key
from local_test.service_address import Address
from local_test.training import opt_ml, status
from scripts import hint, layout, metrics
from scripts.requests import training_definition
from scripts.settings import load_settings
from scripts.tuning import features_rule


@pytest.mark.parametrize("folder", ["001.Affenpinscher", "Cat", "St._Bernard", "7.", "12.3.x", "a.1", ".hidden"])
def test_a_class_has_the_same_name_in_training_and_in_the_demo(folder):
    assert data.class_name(folder) == data_folder.class_name(folder)


def test_the_channels_of_a_job_are_those_of_the_program():
    assert data_folder.SPLITS == data.SPLITS == layout.SPLITS


def test_checkpoints_are_where_the_platform_keeps_them():
    assert training_definition.CHECKPOINTS == opt_ml.CHECKPOINTS


def test_every_metric_that_is_asked_for_is_in_a_line_that_the_program_prints():
    program = "".join(file.read_text() for file in (Path(__file__).parents[2] / "container").glob("*.py"))
    for metric in metrics.METRICS:
        assert f"{metric}=" in program, metric


@pytest.mark.parametrize("recipe", [demo_recipe.SAMPLE_RECIPE, demo_recipe.PHOTOGRAPH_RECIPE, {"pretrained": "none", **demo_recipe.TRIAL_RECIPE}])
def test_a_recipe_is_what_the_program_takes(recipe):
    arguments = [word for name, value in recipe.items() for word in (f"--{name}", value)]
    chosen = hyperparameters.parse(arguments)
    assert chosen.pretrained == "none"


def test_the_scripts_find_what_the_local_sagemaker_exports():
    address = Address("http://127.0.0.1:1", "local-sagemaker-x", 1, "us-east-1", "a-bucket", "arn:aws:iam::123456789012:role/r")
    exported = {name: value for name, value in variables(address, new_access_key("AKIA"), Path("out/local"), {}).items() if value is not None}
    settings = load_settings(environment=exported)
    assert (settings.role, settings.bucket, settings.region) == (address.role, address.bucket, address.region)
    assert exported[hint.VARIABLE] == "local-"


def test_the_failure_reason_has_the_length_that_the_platform_keeps():
    assert status.MAX_REASON == failure.MAX_CHARACTERS == 1024


def test_features_are_shared_where_the_program_would_compute_them():
    """The scripts decide by the request what the program decides by its hyperparameters."""
    for frozen in ("true", "1", "yes", "on", "false", "0", "off"):
        for views in (None, "0", "2", "2.0"):
            for more in ({}, {"mixup": "0"}, {"mixup": "0.4"}, {"cutmix": "0.0"}, {"cutmix": "1"}, {"trivial-augment": "yes"}, {"test-flip": "true"}, {"test-flip": "0"}):
                static = {"freeze-backbone": frozen} | ({"feature-views": views} if views else {}) | more
                arguments = [word for name, value in static.items() for word in (f"--{name}", value)]
                assert features_rule.trains_on_features(static) == hyperparameters.parse(arguments).trains_on_features, static


def test_what_decides_the_features_is_the_same_for_the_scripts_and_the_program():
    """Every hyperparameter that a bank is checked for keeps trials apart when it is tuned."""
    checked = [
        "arch", "pretrained", "freeze-backbone", "image-size", "min-crop", "feature-views", "mixup", "cutmix", "trivial-augment", "test-flip",
    ]
    assert features_rule.keeping_apart({"freeze-backbone": "true"}, [*checked, "lr", "batch-size", "dropout"]) == checked
    container = Path(__file__).parents[2] / "container"
    asked = _attributes("chosen", "check", container / "feature_bank.py") | _attributes("self", "trains_on_features", container / "hyperparameters.py")
    # The seed draws random weights: scripts hold it against a bank only with pretrained=none, and so does the program.
    assert {name.replace("_", "-") for name in asked} - {"trains-on-features", "seed"} == set(checked)
    assert features_rule.keeping_apart({"freeze-backbone": "true", "pretrained": "none"}, ["seed", "lr"]) == ["seed"]


def _attributes(of: str, function: str, file: Path) -> set[str]:
    """Names of the attributes of a variable that a function reads."""
    [found] = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef) and node.name == function]
    return {
        node.attr for node in ast.walk(found)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of
    }
