"""Settings: one file, the environment before it, and a sentence for each thing that is wrong."""

import re

import pytest
from pydantic import ValidationError

from scripts.config.settings import FILE, load_settings
from scripts.console.failure import Failure
from tests.scripts.tuning.jobs import BATCH, LR


def written(tmp_path, old: str, new: str):
    text = FILE.read_text()
    assert old in text
    file = tmp_path / "sagemaker.toml"
    file.write_text(text.replace(old, new, 1))
    return file


def test_the_file_that_is_shipped_is_right():
    settings = load_settings(environment={})
    assert settings.prefix == "dogbreed"
    assert settings.train.instance_type == "ml.g4dn.xlarge"
    assert settings.environment == {"DOGBREED_TOP_K": "5"}


@pytest.mark.parametrize("prefix", ["dog", "dog-house-2", "train", "dog-trainer", "x-retrain"])
def test_a_prefix_whose_jobs_cannot_be_taken_for_anothers(prefix):
    assert load_settings(environment={"IMAGE_PREFIX": prefix}).prefix == prefix


@pytest.mark.parametrize("region", ["us-gov-west-1", "eusc-de-east-1", "ap-southeast-5"])
def test_every_partition_has_its_regions(region):
    assert load_settings(environment={"AWS_REGION": region}).region == region


@pytest.mark.parametrize(
    "old, new, sentence",
    [
        ('prefix = "dogbreed"', 'prefix = "Dog_Breed"', "prefix must be at most 32 of a-z 0-9 and single hyphens"),
        ('prefix = "dogbreed"', f'prefix = "{"d" * 33}"', "prefix must be at most 32"),
        ('prefix = "dogbreed"', 'prefx = "dogbreed"', "prefx is unknown. Did you mean prefix"),
        ('prefix = "dogbreed"', 'prefx = "dogbreed"', "prefix is missing"),
        ('prefix = "dogbreed"', 'prefix = "dog-train"', "-train no part of it"),
        ('prefix = "dogbreed"', 'prefix = "dog-train-2"', "-train no part of it"),
        ('role = ""', 'role = "arn:aws:iam::1:role/x"', "role must be a role's name or its ARN"),
        ('bucket = ""', 'bucket = "s3://mine"', "bucket must be a bucket's name"),
        ('region = ""', 'region = "Ireland"', "region must be a region such as eu-west-1"),
        (
            "instance-count = 1",
            'instance-count = "1"',
            "train.instance-count must be a whole number from 1 to 100, not '1'",
        ),
        (
            "instance-count = 1",
            "instance-count = 0",
            "train.instance-count must be a whole number from 1 to 100, not 0",
        ),
        ("instance-count = 1", "instance-count = true", "train.instance-count must be a whole number"),
        ("spot = false", 'spot = "no"', "train.spot must be true or false, without quotes"),
        ('mode = "realtime"', 'mode = "batch"', "deploy.mode must be one of realtime, async, serverless"),
        (
            'instance-type = "ml.g4dn.xlarge"',
            'instance-type = "g4dn.xlarge"',
            "train.instance-type must be an instance type",
        ),
        ("cuda = 12", "cuda = 11", "deploy.cuda must be a whole number from 12 to 13, not 11"),
        ("target = 300.0", "target = -1", "autoscaling.target must be a number above 0"),
        ("alarms = []", 'alarms = "a"', "update.alarms must be a list of names"),
        (
            "instance-types = []",
            'instance-types = ["ml.g5.xlarge", "g6"]',
            'train.instance-types must be a list of instance types such as ["ml.g4dn.xlarge", "ml.g5.xlarge"], not one '
            "with 'g6'",
        ),
        (
            "instance-types = []",
            f"instance-types = {[f'ml.g5.{size}xlarge' for size in (2, 4, 8, 12, 16, 24)]}",
            "train.instance-types must have at most 5 names, not 6",
        ),
        ("keep-alive-seconds = 0", "keep-alive-seconds = 21601", "from 0 to 21600"),
        ("async-target = 5.0", "async-target = 0", "autoscaling.async-target must be a number above 0"),
        (
            "alarms = []",
            'alarms = ["a", 3]',
            'update.alarms must be a list of names such as ["one", "two"], not one with 3',
        ),
        (
            "\n[tune.ranges]",
            "\n[tune.ranges]\n" + "".join(f"h{n} = [1]\n" for n in range(30)),
            "tune.ranges must have at most 30",
        ),
        ("\n[hyperparameters]", "\n[hyperparameters]\nEpochs = 1\nLR = 1", "hyperparameters has the name 'LR'"),
        ("alarms = []", f"alarms = {list('abcdefghijk')}", "update.alarms must have at most 10 names, not 11"),
        ('role = ""', "role = 3", "role must be text in quotes, not 3"),
        (
            "profiling-interval-ms = 500",
            "profiling-interval-ms = 501",
            "must be one of 100, 200, 500, 1000, 5000, 60000",
        ),
        ("\n[push]", "\npush = 3\n[pusch]", "push must be a section, [push]"),
        ('data = ""', 'data = "path/to"', "train.data must be a URI"),
        ("\n[hyperparameters]", "\n[hyperparameters]\nEpochs = 3", "hyperparameters has the name 'Epochs'"),
        (
            "\n[hyperparameters]",
            "\n[hyperparameters]\nepochs = [3]",
            "hyperparameters.epochs must be text, a number, true or false, not [3]",
        ),
        (
            'strategy = "Bayesian"',
            'strategy = "bayesian"',
            "tune.strategy must be one of Bayesian, Random, Grid, Hyperband, not 'bayesian'",
        ),
        (
            'objective = "valid_accuracy"',
            'objective = "accuracy"',
            "tune.objective must be one of train_loss, valid_loss, valid_accuracy",
        ),
        ("target = 0 ", "target = -1 ", "tune.target must be a number of at least 0"),
        ("seed = -1", "seed = -2", "tune.seed must be a whole number from -1 to 2147483647, not -2"),
        (
            "max = 0.1, scale",
            "max = 0.000001, scale",
            "tune.ranges.lr must have a min below its max, not 1e-05 and 1e-06",
        ),
        ("batch-size = [32", "batch-size = [64", "tune.ranges.batch-size must have each value once"),
        ("\nbatch-size", "\nBatch = 1\nbatch-size", "tune.ranges has the name 'Batch'"),
        ("\n[tune.ranges]", "\n[tune.range]", "tune.range is unknown. Did you mean ranges?"),
        (
            "\n[costs.prices]",
            '\n[costs.prices]\n"ml.g4dn.xlarge" = "0.7"\n#',
            "costs.prices.ml.g4dn.xlarge must be USD an hour, a number above 0, not '0.7'",
        ),
        (
            "\n[costs.prices]",
            '\n[costs.prices]\n"ml.g4dn.xlarge" = 0\n#',
            "must be USD an hour, a number above 0, not 0",
        ),
        ("\n[costs.prices]", '\n[costs.prices]\n"g4dn.xlarge" = 1\n#', "costs.prices has the name 'g4dn.xlarge'"),
        ("say = true", 'say = "no"', "costs.say must be true or false"),
        ("[push]", "[pusch]", "pusch is unknown. Did you mean push"),
        ("[push]", "[push", "is not TOML"),
        (
            "spot = false",
            "spot = true\nmax-wait-second = 1",
            "max-wait-second is unknown. Did you mean max-wait-seconds",
        ),
        ("max-concurrent = 8", "max-concurrent = 9", "at most 100"),
        ("alarms = []", 'alarms = ["a"]', "keep-old-seconds must be above 0"),
    ],
)
def test_a_wrong_setting_is_a_sentence_that_names_it(tmp_path, old, new, sentence):
    with pytest.raises(Failure, match=re.escape(sentence)):
        load_settings(written(tmp_path, old, new), {})


def test_a_random_search_may_have_more_trials_than_another():
    environment = {"SAGEMAKER_TUNE_MAX_JOBS": "10000", "SAGEMAKER_TUNE_STRATEGY": "Random"}
    assert load_settings(environment=environment).tune.max_jobs == 10_000


def test_the_wait_for_spot_capacity_matters_with_spot_only(tmp_path):
    assert not load_settings(written(tmp_path, "max-wait-seconds = 86400", "max-wait-seconds = 10"), {}).train.spot


def test_every_problem_is_told_at_once(tmp_path):
    file = written(tmp_path, 'role = ""', "role = 3\nextra = 1")
    with pytest.raises(Failure) as failed:
        load_settings(file, {"SAGEMAKER_TRAIN_VOLUME_GB": "0", "SAGEMAKER_TRAIN_SPOTT": "1"})
    for named in ("role", "extra", "SAGEMAKER_TRAIN_VOLUME_GB", "SAGEMAKER_TRAIN_SPOTT"):
        assert named in str(failed.value)


@pytest.mark.parametrize(
    "old, environment, heading",
    [
        ("scan = false", {"SAGEMAKER_TRAIN_SPOT": "perhaps"}, "Invalid settings in the environment:"),
        ("scan = 3", {}, "Invalid settings in sagemaker.toml:"),
        ("scan = 3", {"SAGEMAKER_TRAIN_SPOT": "perhaps"}, "Invalid settings in sagemaker.toml and the environment:"),
    ],
)
def test_the_heading_names_the_place_to_look_at(tmp_path, old, environment, heading):
    with pytest.raises(Failure) as failed:
        load_settings(written(tmp_path, "scan = false", old), environment)
    assert str(failed.value).splitlines()[0] == heading


def test_settings_and_their_sections_cannot_be_changed():
    settings = load_settings(environment={})
    for one, name in ((settings, "prefix"), (settings.train, "spot")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(one, name, "x")


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(Failure, match=r"is missing\. Restore it: git checkout"):
        load_settings(tmp_path / "sagemaker.toml", {})


def test_hyperparameters_become_the_strings_that_sagemaker_wants(tmp_path):
    some = 'epochs = 3\nlr = 0.001\nfreeze-backbone = true\narch = "resnet18"'
    file = written(tmp_path, "\n[hyperparameters]", f"\n[hyperparameters]\n{some}")
    assert load_settings(file, {}).hyperparameters == {
        "epochs": "3",
        "lr": "0.001",
        "freeze-backbone": "true",
        "arch": "resnet18",
    }


def test_a_search_has_ranges_of_numbers_and_of_values():
    assert load_settings(environment={}).tune.ranges == {"lr": LR, "batch-size": BATCH}


def test_a_minimum_of_hyperbands_epochs_may_stand_alone():
    assert load_settings(environment={"SAGEMAKER_TUNE_HYPERBAND_MIN_EPOCHS": "5"}).tune.hyperband_min_epochs == 5


def test_prices_are_by_instance_type_in_usd(tmp_path):
    file = written(tmp_path, "\n[costs.prices]", '\n[costs.prices]\n"ml.g4dn.xlarge" = 0.74\n"ml.g5.2xlarge" = 2\n#')
    assert load_settings(file, {}).costs.prices == {"ml.g4dn.xlarge": 0.74, "ml.g5.2xlarge": 2.0}
