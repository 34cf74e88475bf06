"""What a training job needs, made ready on the stand-in."""

import pytest

from tests.scripts.training.jobs import job


@pytest.fixture
def ready(sagemaker, data, pushed_images):
    """Everything that a job needs is there, and it ends well."""
    sagemaker.answers["CreateTrainingJob"] = {"TrainingJobArn": "arn"}
    sagemaker.answers["DescribeTrainingJob"] = lambda request: job(request["TrainingJobName"], "Completed")
    return sagemaker
