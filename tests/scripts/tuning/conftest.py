"""What a tuning job needs, made ready on the stand-in."""

import pytest

from tests.scripts.tuning.feature_jobs import FeatureJobs
from tests.scripts.tuning.service import DONE, Service


@pytest.fixture
def ready(sagemaker, data, pushed_images, monkeypatch, tmp_path):
    """Everything that a tuning job needs is there, it ends well, and what it leaves goes to a folder of the test's."""
    monkeypatch.chdir(tmp_path)
    Service(sagemaker, [DONE])
    return sagemaker


@pytest.fixture
def feature_jobs(ready, aws):
    return FeatureJobs(ready, aws.client("s3"))
