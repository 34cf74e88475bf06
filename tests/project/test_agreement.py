"""What one side hands to another, and the other understands."""

from pathlib import Path

from local_test.demo.demo_recipe import PHOTOGRAPH_VIEWS, RANGES, SEARCH, recipe_for
from local_test.environment import variables
from local_test.host.identity import new_access_key
from local_test.service_address import Address
from scripts.config.hyperparameters import check_hyperparameters, check_ranges
from scripts.config.settings import load_settings
from scripts.console import make_prefix
from scripts.tuning.search import check_strategy, chosen_ranges, static_hyperparameters


def test_the_scripts_find_what_the_local_sagemaker_exports():
    address = Address(
        "http://127.0.0.1:1", "local-sagemaker-x", 1, "us-east-1", "a-bucket", "arn:aws:iam::123456789012:role/r"
    )
    exported = {
        name: value
        for name, value in variables(address, new_access_key("AKIA"), Path("out/local"), {}).items()
        if value is not None
    }
    settings = load_settings(environment=exported)
    assert (settings.role, settings.bucket, settings.region) == (address.role, address.bucket, address.region)
    assert exported[make_prefix.VARIABLE] == "local-"


def test_what_the_demo_asks_of_tune_and_train_is_what_they_take():
    recipe, settings = recipe_for(1_270, PHOTOGRAPH_VIEWS), load_settings(environment=SEARCH)
    ranges = chosen_ranges(settings.tune.ranges, list(RANGES))
    static = static_hyperparameters(settings, recipe, ranges)
    check_ranges(ranges, static)
    check_strategy(settings.tune, ranges, static)
    check_hyperparameters(static)
