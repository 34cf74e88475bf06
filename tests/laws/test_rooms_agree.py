"""Rooms do not import each other, so what stands in two of them must be the same in both."""

import pytest

from container import data, failure, hyperparameters
from local_test import data_folder, local_request, training_job


@pytest.mark.parametrize("folder", ["001.Affenpinscher", "Cat", "St._Bernard", "7.", "12.3.x", "a.1", ".hidden"])
def test_a_class_has_the_same_name_in_training_and_in_the_demo(folder):
    assert data.class_name(folder) == data_folder.class_name(folder)


def test_the_channels_of_a_local_job_are_those_of_the_program():
    assert data_folder.SPLITS == data.SPLITS


@pytest.mark.parametrize("recipe", [local_request.SAMPLE_RECIPE, local_request.PHOTOGRAPH_RECIPE])
def test_a_recipe_is_what_the_program_takes(recipe):
    arguments = [word for name, value in recipe.items() for word in (f"--{name}", value)]
    chosen = hyperparameters.parse(arguments)
    assert chosen.pretrained == "none"


def test_the_failure_reason_has_the_length_that_the_platform_keeps():
    assert training_job.MAX_REASON == failure.MAX_CHARACTERS == 1024
