"""The /opt/ml tree: what a training container finds under input/config."""

import json

import pytest

from local_test import opt_ml


@pytest.fixture
def request_(tmp_path):
    (tmp_path / "my pictures").mkdir()
    return {
        "TrainingJobName": "job-1",
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "HyperParameters": {"lr": "0.01", "batch-size": "64"},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "image/jpeg",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": (tmp_path / "my pictures").as_uri()}},
            }
        ],
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "Environment": {"A": "b"},
    }


def test_hyperparameters_are_strings_by_name(request_):
    assert json.loads(opt_ml.config_files(request_)["hyperparameters.json"]) == {"lr": "0.01", "batch-size": "64"}


def test_input_data_config_describes_each_channel(request_):
    assert json.loads(opt_ml.config_files(request_)["inputdataconfig.json"]) == {
        "train": {
            "ContentType": "image/jpeg",
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }


def test_resource_config_has_one_host_in_the_homogeneous_group(request_):
    config = json.loads(opt_ml.config_files(request_)["resourceconfig.json"])
    assert config["hosts"] == [config["current_host"]] == ["algo-1"]
    assert config["current_instance_type"] == "ml.g4dn.xlarge"
    assert config["instance_groups"][0]["hosts"] == ["algo-1"]


def test_environment_has_the_job_and_what_the_request_adds(request_):
    environment = opt_ml.environment(request_)
    assert environment["TRAINING_JOB_NAME"] == "job-1"
    assert environment["TRAINING_JOB_ARN"].endswith(":training-job/job-1")
    assert environment["A"] == "b"


def test_a_channel_folder_may_have_a_space_in_its_name(request_, tmp_path):
    assert opt_ml.channel_folders(request_) == {"train": tmp_path / "my pictures"}


def test_a_channel_that_is_not_there_is_named(request_):
    request_["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = "file:///nowhere"
    with pytest.raises(ValueError, match="Channel train: file:///nowhere is not a folder"):
        opt_ml.channel_folders(request_)


def test_an_s3_uri_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="s3://bucket/key is not a file:// URI"):
        opt_ml.local_path("s3://bucket/key")
