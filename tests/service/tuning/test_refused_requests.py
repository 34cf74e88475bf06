"""What cannot be done is refused with a sentence before anything runs."""

import pytest
from botocore.exceptions import ClientError

from tests.service.tuning.conftest import REPORT_X, X, grid


def refused(tuning, **options) -> str:
    request = tuning.request(REPORT_X, **{"most": 2, **options})
    with pytest.raises(ClientError) as caught:
        tuning.api.create_hyper_parameter_tuning_job(**request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(tuning.api.exceptions.ResourceNotFound):
        tuning.job(request["HyperParameterTuningJobName"])
    assert (
        tuning.api.list_training_jobs(NameContains=f"{request['HyperParameterTuningJobName']}-")["TrainingJobSummaries"]
        == []
    )
    return caught.value.response["Error"]["Message"]


def test_an_image_that_is_not_there(tuning):
    algorithm = {
        "TrainingImage": "no-such-image:1",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "valid_accuracy", "Regex": "(.)"}],
    }
    assert "no-such-image:1" in refused(tuning, definition={"AlgorithmSpecification": algorithm})


def test_a_channel_without_objects(tuning):
    source = {"S3DataType": "S3Prefix", "S3Uri": tuning.local.uri("nothing/here")}
    message = refused(
        tuning, definition={"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]}
    )
    assert message.startswith("TrainingJobDefinition: ") and "nothing/here" in message


def test_a_metric_that_nothing_captures(tuning):
    objective = {"Type": "Maximize", "MetricName": "valid_loss"}
    message = refused(tuning, config={"HyperParameterTuningJobObjective": objective})
    assert (
        message.startswith("A metric is required for this hyperparameter tuning job objective.")
        and "valid_loss" in message
    )


def test_more_hyperparameters_than_a_training_job_takes(tuning):
    message = refused(tuning, definition={"StaticHyperParameters": {f"h{number}": "1" for number in range(99)}})
    assert "hyperParameters" in message and "less than or equal to 100" in message


def test_a_grid_with_another_number_of_training_jobs(tuning):
    assert "combinations" in refused(tuning, ranges=grid(x=["0.1", "0.2", "0.3"]), strategy="Grid", most=2)


def test_ranges_that_are_none(tuning):
    assert "MinValue" in refused(
        tuning, ranges={"ContinuousParameterRanges": [{**X["ContinuousParameterRanges"][0], "MinValue": "2"}]}
    )


def test_fields_that_are_not_supported(tuning):
    assert "does not support Autotune" in refused(tuning, Autotune={"Mode": "Enabled"})


def test_a_name_that_is_taken(tuning):
    request = tuning.request(REPORT_X, most=1)
    tuning.api.create_hyper_parameter_tuning_job(**request)
    with pytest.raises(tuning.api.exceptions.ResourceInUse, match="already exists"):
        tuning.api.create_hyper_parameter_tuning_job(**request)
    tuning.ended(request["HyperParameterTuningJobName"])


@pytest.mark.parametrize("operation", ["describe", "stop", "delete"])
def test_a_tuning_job_that_is_not_there(tuning, operation):
    with pytest.raises(tuning.api.exceptions.ResourceNotFound, match="nobody"):
        getattr(tuning.api, f"{operation}_hyper_parameter_tuning_job")(HyperParameterTuningJobName="nobody")
