"""Training jobs: allowed by the service's own model, and as the settings say."""

import re

import pytest

from scripts.console.failure import Failure
from tests.scripts.requests.requested import LONGEST_PREFIX, SPLITS, a_training_job, settings
from tests.scripts.service_model import problems


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"image_prefix": LONGEST_PREFIX},
        {"image_prefix": "d"},
        {"sagemaker_train_spot": "true"},
        {"sagemaker_debugger_service": "true"},
        {
            "sagemaker_debugger_service": "true",
            "sagemaker_debugger_rules": "Overfit",
            "sagemaker_debugger_profiling_interval_ms": "60000",
        },
        {"sagemaker_train_input_mode": "FastFile", "sagemaker_train_instance_type": "ml.p4d.24xlarge"},
    ],
)
def test_a_training_job_is_one_that_sagemaker_takes(environment):
    request = a_training_job(
        settings(**environment), SPLITS | {"pretrained": "s3://some-bucket/weights/"}, {"epochs": "3"}
    )
    assert problems("sagemaker", "CreateTrainingJob", request) == []


def test_a_training_job_has_its_data_checkpoints_and_outputs_under_the_prefix():
    request = a_training_job(settings(image_prefix="cats"))
    root = f"s3://{'b' * 63}/cats"
    assert request["OutputDataConfig"] == {"S3OutputPath": f"{root}/jobs"}
    # The slash keeps the checkpoints of a job whose name begins with this one's out.
    assert request["CheckpointConfig"]["S3Uri"] == f"{root}/checkpoints/{request['TrainingJobName']}/"
    sources = [(one["ChannelName"], one["DataSource"]["S3DataSource"]["S3Uri"]) for one in request["InputDataConfig"]]
    assert sources == list(SPLITS.items())
    assert request["Tags"] == [{"Key": "project", "Value": "cats"}]


def test_spot_training_says_how_long_it_waits_and_other_training_does_not():
    spot = a_training_job(settings(sagemaker_train_spot="true", sagemaker_train_max_wait_seconds="90000"))
    assert spot["EnableManagedSpotTraining"] is True
    assert spot["StoppingCondition"] == {"MaxRuntimeInSeconds": 21_600, "MaxWaitTimeInSeconds": 90_000}
    assert a_training_job(settings())["StoppingCondition"] == {"MaxRuntimeInSeconds": 21_600}


def test_hyperparameters_of_the_command_line_come_before_the_settings():
    chosen = settings().model_copy(update={"hyperparameters": {"epochs": "10", "lr": "0.1"}})
    sent = a_training_job(chosen, hyperparameters={"epochs": "3"})["HyperParameters"]
    assert sent == {"sagemaker_container_log_level": "30", "epochs": "3", "lr": "0.1"}


def test_the_fields_of_sagemaker_debugger_are_sent_when_the_settings_ask_for_them():
    assert not {"DebugHookConfig", "DebugRuleConfigurations", "ProfilerConfig"} & a_training_job(settings()).keys()
    request = a_training_job(
        settings(
            sagemaker_debugger_service="true", sagemaker_debugger_rules="Overfit", sagemaker_debugger_save_interval="7"
        )
    )
    [rule] = request["DebugRuleConfigurations"]
    assert rule["RuleParameters"] == {"rule_to_invoke": "Overfit"}
    assert rule["RuleEvaluatorImage"] == "929884845733.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-debugger-rules:latest"
    losses, *others = [one["CollectionParameters"] for one in request["DebugHookConfig"]["CollectionConfigurations"]]
    assert losses == {"train.save_interval": "7", "eval.save_interval": "1"} and all(
        one == {"save_interval": "7"} for one in others
    )
    assert (
        request["ProfilerConfig"]["S3OutputPath"]
        == request["DebugHookConfig"]["S3OutputPath"]
        == f"s3://{'b' * 63}/dogbreed/debugger"
    )


def test_a_region_without_rule_images_is_said():
    with pytest.raises(Failure, match="no rule image in af-south-1"):
        a_training_job(settings(sagemaker_debugger_service="true"), region="af-south-1")


LINE = "epoch=3 train_loss=1.2345 valid_loss=0.8123 valid_accuracy=0.7345 seconds=12.3"
LAST = (
    "test_loss=0.9000 test_accuracy=0.7100 test_top5=0.9500 (95% interval of test_accuracy 0.6500 to 0.7600, 300 "
    "pictures)"
)


def test_the_metric_expressions_read_the_lines_of_the_training_program():
    definitions = a_training_job(settings())["AlgorithmSpecification"]["MetricDefinitions"]
    found = {one["Name"]: re.findall(one["Regex"], f"{LINE}\n{LAST}") for one in definitions}
    assert found == {
        "train_loss": ["1.2345"],
        "valid_loss": ["0.8123"],
        "valid_accuracy": ["0.7345"],
        "seconds": ["12.3"],
        "test_loss": ["0.9000"],
        "test_accuracy": ["0.7100"],
        "test_top5": ["0.9500"],
    }
