"""Rooms do not import each other, so what stands in two of them must be the same in both."""

from pathlib import Path

import pytest

from container import data, failure, hyperparameters
from local_test import data_folder, demo_recipe
from local_test.environment import variables
from local_test.service_address import Address
from local_test.training import opt_ml, status
from scripts import hint, layout
from scripts.requests import training_job
from scripts.settings import load_settings


@pytest.mark.parametrize("folder", ["001.Affenpinscher", "Cat", "St._Bernard", "7.", "12.3.x", "a.1", ".hidden"])
def test_a_class_has_the_same_name_in_training_and_in_the_demo(folder):
    assert data.class_name(folder) == data_folder.class_name(folder)


def test_the_channels_of_a_job_are_those_of_the_program():
    assert data_folder.SPLITS == data.SPLITS == layout.SPLITS


def test_checkpoints_are_where_the_platform_keeps_them():
    assert training_job.CHECKPOINTS == opt_ml.CHECKPOINTS


def test_every_metric_that_is_asked_for_is_in_a_line_that_the_program_prints():
    program = (Path(__file__).parents[2] / "container/train.py").read_text()
    for metric in training_job.METRICS:
        assert f"{metric}=" in program, metric


@pytest.mark.parametrize("recipe", [demo_recipe.SAMPLE_RECIPE, demo_recipe.PHOTOGRAPH_RECIPE])
def test_a_recipe_is_what_the_program_takes(recipe):
    arguments = [word for name, value in recipe.items() for word in (f"--{name}", value)]
    chosen = hyperparameters.parse(arguments)
    assert chosen.pretrained == "none"


def test_the_scripts_find_what_the_local_sagemaker_exports():
    address = Address("http://127.0.0.1:1", "local-sagemaker-x", 1, "us-east-1", "a-bucket", "arn:aws:iam::123456789012:role/r")
    exported = {name: value for name, value in variables(address, Path("out/local"), {}).items() if value is not None}
    settings = load_settings(environment=exported)
    assert (settings.role, settings.bucket, settings.region) == (address.role, address.bucket, address.region)
    assert exported[hint.VARIABLE] == "local-"


def test_the_failure_reason_has_the_length_that_the_platform_keeps():
    assert status.MAX_REASON == failure.MAX_CHARACTERS == 1024
