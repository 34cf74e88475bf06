"""Environment variables of the settings: their names, what they say, and what is said of a wrong one."""

import re

import pytest

from scripts.config.settings import FILE, Settings, load_settings
from scripts.config.variables import OTHER_NAMES, keys, names_of
from scripts.console.failure import Failure


@pytest.mark.parametrize(
    "name, value, found",
    [
        ("IMAGE_PREFIX", "cats", lambda s: s.prefix == "cats"),
        ("SAGEMAKER_ROLE", "my-role", lambda s: s.role == "my-role"),
        ("AWS_DEFAULT_REGION", "us-east-1", lambda s: s.region == "us-east-1"),
        ("SAGEMAKER_TRAIN_INSTANCE_TYPE", "ml.g5.xlarge", lambda s: s.train.instance_type == "ml.g5.xlarge"),
        ("SAGEMAKER_TRAIN_SPOT", "true", lambda s: s.train.spot is True),
        ("SAGEMAKER_ASYNC_MAX_CONCURRENT", "9", lambda s: s.async_.max_concurrent == 9),
        ("SAGEMAKER_AUTOSCALING_TARGET", "12.5", lambda s: s.autoscaling.target == 12.5),
        ("SAGEMAKER_TUNE_MAX_JOBS", "30", lambda s: s.tune.max_jobs == 30),
        (
            "SAGEMAKER_TRAIN_INSTANCE_TYPES",
            "ml.g5.xlarge, ml.g6.xlarge",
            lambda s: s.train.instance_types == ("ml.g5.xlarge", "ml.g6.xlarge"),
        ),
        ("SAGEMAKER_AUTOSCALING_ASYNC_TARGET", "3", lambda s: s.autoscaling.async_target == 3),
        ("SAGEMAKER_TUNE_SEED", "0", lambda s: s.tune.seed == 0),
        ("SAGEMAKER_TUNE_TARGET", "0.95", lambda s: s.tune.target == 0.95),
        ("SAGEMAKER_TUNE_EARLY_STOPPING", "true", lambda s: s.tune.early_stopping is True),
    ],
)
def test_the_environment_comes_before_the_file(name, value, found):
    assert found(load_settings(environment={name: value}))


def test_a_list_in_the_environment_is_separated_by_commas():
    environment = {"SAGEMAKER_UPDATE_ALARMS": "errors, latency", "SAGEMAKER_UPDATE_KEEP_OLD_SECONDS": "60"}
    assert load_settings(environment=environment).update.alarms == ("errors", "latency")


def test_aws_region_comes_before_the_default_region():
    assert (
        load_settings(environment={"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}).region == "eu-west-1"
    )


def test_images_are_built_and_pushed_under_the_same_prefix():
    build = (FILE.parent / "docker/build.sh").read_text()
    assert f"prefix=${{IMAGE_PREFIX:-{load_settings(environment={}).prefix}}}" in build
    assert OTHER_NAMES["prefix"] == ("IMAGE_PREFIX",)


def test_an_empty_variable_sets_nothing():
    assert load_settings(environment={"IMAGE_PREFIX": "", "SAGEMAKER_TRAIN_VOLUME_GB": ""}).prefix == "dogbreed"


def test_a_table_has_no_variable():
    settings = load_settings(environment={"SAGEMAKER_HYPERPARAMETERS": '{"lr": "1"}', "SAGEMAKER_ENVIRONMENT": "{}"})
    assert settings.hyperparameters == {} and settings.environment


def test_a_whole_section_cannot_come_from_a_variable():
    assert load_settings(environment={"SAGEMAKER_CAPTURE": '{"percent": 5}'}).capture.percent == 0


def test_a_variable_of_another_program_is_let_be():
    load_settings(environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "2", "SAGEMAKER_TRAINING_MODULE": "x"})


@pytest.mark.parametrize(
    "environment, sentence",
    [
        ({"SAGEMAKER_TUNE_RANGES": "lr=1..2"}, "SAGEMAKER_TUNE_RANGES in the environment sets nothing"),
        ({"SAGEMAKER_TRAIN_INSTANCE_TIPE": "ml.g5.xlarge"}, "Did you mean SAGEMAKER_TRAIN_INSTANCE_TYPE"),
        (
            {"SAGEMAKER_TRAIN_VOLUME_GB": "much"},
            "SAGEMAKER_TRAIN_VOLUME_GB must be a whole number from 1 to 16384, not 'much'",
        ),
        ({"SAGEMAKER_PUSH_SCAN": "perhaps"}, "SAGEMAKER_PUSH_SCAN must be true or false"),
        ({"SAGEMAKER_AUTOSCALING_TARGET": "many"}, "SAGEMAKER_AUTOSCALING_TARGET must be a number"),
    ],
)
def test_a_wrong_variable_is_a_sentence_that_names_it(environment, sentence):
    with pytest.raises(Failure, match=re.escape(sentence)):
        load_settings(environment=environment)


def test_every_key_has_a_variable_whose_name_follows_from_it():
    paths = [path for path, _ in keys(Settings)]
    for path in paths:
        if path not in OTHER_NAMES:
            assert names_of(path) == ("SAGEMAKER_" + re.sub("[.-]", "_", path).upper(),)
    assert len(paths) > 30
