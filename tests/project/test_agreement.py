"""What one side hands to another, and the other understands."""

from pathlib import Path

from local_test.api.supported_fields import check_supported
from local_test.demo.demo_recipe import PHOTOGRAPH_VIEWS, RANGES, SEARCH, recipe_for
from local_test.environment import variables
from local_test.host.identity import new_access_key
from local_test.service_address import Address
from local_test.serving import endpoint_configs
from local_test.training import supported_fields as training_fields
from local_test.tuning import supported_fields as tuning_fields
from scripts.config.hyperparameters import check_hyperparameters, check_ranges
from scripts.config.settings import load_settings
from scripts.console.make import VERB_PREFIX
from scripts.requests.endpoint import endpoint_config_request
from scripts.tuning.search import check_strategy, chosen_ranges, static_hyperparameters
from tests.scripts.requests.requested import a_training_job, layout, settings
from tests.scripts.requests.test_tuning import a_tuning_job


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
    assert exported[VERB_PREFIX] == "local-"


def test_what_the_demo_asks_of_tune_and_train_is_what_they_take():
    recipe, settings = recipe_for(1_270, PHOTOGRAPH_VIEWS), load_settings(environment=SEARCH)
    ranges = chosen_ranges(settings.tune.ranges, list(RANGES))
    static = static_hyperparameters(settings, recipe, ranges)
    check_ranges(ranges, static)
    check_strategy(settings.tune, ranges, static)
    check_hyperparameters(static)


def test_the_local_sagemaker_takes_the_machines_that_the_scripts_ask_for():
    types = "ml.g5.xlarge,ml.g4dn.xlarge"
    chosen = settings(
        sagemaker_train_instance_types=types,
        sagemaker_deploy_instance_types=types,
        sagemaker_train_keep_alive_seconds="600",
        sagemaker_train_shell="true",
    )
    training_fields.check(a_training_job(chosen))
    tuning_fields.check(a_tuning_job(chosen))
    config = endpoint_config_request(chosen, layout(), name="n", model="n")
    check_supported(config, endpoint_configs.SUPPORTED, "CreateEndpointConfig")
    assert endpoint_configs.problems(config) == []
