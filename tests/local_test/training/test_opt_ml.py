"""The /opt/ml tree: what each host of a training job finds under input/config, and what of it is kept in S3."""

import json

import pytest

from local_test.training import opt_ml


@pytest.fixture
def request_():
    return {
        "TrainingJobName": "job-1",
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "HyperParameters": {"lr": "0.01", "batch-size": "64"},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "image/jpeg",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs/"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
        "Environment": {"A": "b"},
    }


def config(request_, name, host="algo-1"):
    return json.loads(opt_ml.config_files(request_, host)[name])


def test_hyperparameters_are_strings_by_name(request_):
    assert config(request_, "hyperparameters.json") == {"lr": "0.01", "batch-size": "64"}


def test_input_data_config_describes_each_channel(request_):
    assert config(request_, "inputdataconfig.json") == {
        "train": {
            "ContentType": "image/jpeg",
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }


@pytest.mark.parametrize(
    ("of_job", "of_channel", "written"),
    [("File", "Pipe", "Pipe"), ("FastFile", None, "File"), ("Pipe", "FastFile", "File")],
)
def test_a_channels_own_mode_wins_and_fast_file_looks_like_file(request_, of_job, of_channel, written):
    request_["AlgorithmSpecification"]["TrainingInputMode"] = of_job
    if of_channel:
        request_["InputDataConfig"][0]["InputMode"] = of_channel
    assert config(request_, "inputdataconfig.json")["train"]["TrainingInputMode"] == written


def test_every_host_knows_itself_and_all_others(request_):
    for host in ("algo-1", "algo-2"):
        found = config(request_, "resourceconfig.json", host)
        assert found["current_host"] == host
        assert found["hosts"] == found["instance_groups"][0]["hosts"] == ["algo-1", "algo-2"]
        assert found["current_instance_type"] == "ml.g4dn.xlarge"


def test_ten_hosts_are_sorted_as_text(request_):
    request_["ResourceConfig"]["InstanceCount"] = 10
    assert opt_ml.hosts(request_)[:3] == ["algo-1", "algo-10", "algo-2"]


def test_debugger_and_profiler_files_are_there_only_when_asked_for(request_):
    assert "debughookconfig.json" not in opt_ml.config_files(request_, "algo-1")
    hook = {"S3OutputPath": "s3://bucket/debug", "CollectionConfigurations": [{"CollectionName": "losses"}]}
    assert config({**request_, "DebugHookConfig": hook}, "debughookconfig.json") == hook
    profiler = {"S3OutputPath": "s3://bucket/profile", "ProfilingIntervalInMilliseconds": 500}
    assert config({**request_, "ProfilerConfig": profiler}, "profilerconfig.json") == profiler


def test_environment_has_the_job_and_what_the_request_adds(request_):
    assert opt_ml.environment(request_, "arn") == {"TRAINING_JOB_NAME": "job-1", "TRAINING_JOB_ARN": "arn", "A": "b"}


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ({}, (None, ["train"])),
        ({"ContainerArguments": ["--epochs", "3"]}, (None, ["--epochs", "3"])),
        ({"ContainerEntrypoint": ["python", "x.py"]}, (["python", "x.py"], [])),
        ({"ContainerEntrypoint": ["python"], "ContainerArguments": ["x.py"]}, (["python"], ["x.py"])),
    ],
)
def test_entrypoint_and_arguments_replace_what_the_platform_would_run(request_, algorithm, expected):
    request_["AlgorithmSpecification"] |= algorithm
    assert opt_ml.command(request_) == expected


def test_checkpoints_tensors_and_profiles_are_kept_where_the_platform_keeps_them(request_):
    request_ |= {
        "CheckpointConfig": {"S3Uri": "s3://bucket/ck/"},
        "DebugHookConfig": {"S3OutputPath": "s3://bucket/out"},
        "ProfilerConfig": {"S3OutputPath": "s3://bucket/out"},
        "TensorBoardOutputConfig": {"S3OutputPath": "s3://bucket/tb", "LocalPath": "/tmp/tb"},
    }
    assert opt_ml.synced_folders(request_) == {
        "/opt/ml/checkpoints": "s3://bucket/ck",
        "/opt/ml/output/tensors": "s3://bucket/out/job-1/debug-output",
        "/opt/ml/output/profiler": "s3://bucket/out/job-1/profiler-output",
        "/tmp/tb": "s3://bucket/tb/job-1/tensorboard-output",
    }


def test_a_profiler_that_is_switched_off_keeps_nothing(request_):
    assert (
        opt_ml.synced_folders(
            {**request_, "ProfilerConfig": {"S3OutputPath": "s3://bucket/out", "DisableProfiler": True}}
        )
        == {}
    )


def test_the_model_goes_below_the_jobs_name(request_):
    assert opt_ml.output_uri(request_, "model.tar.gz") == "s3://bucket/jobs/job-1/output/model.tar.gz"


@pytest.mark.parametrize(
    "isolated, instances, interface", [(False, 1, "eth0"), (True, 1, "lo"), (True, 2, "eth0"), (False, 2, "eth0")]
)
def test_the_interface_that_programs_bind_to_exists(request_, isolated, instances, interface):
    request_["EnableNetworkIsolation"] = isolated
    request_["ResourceConfig"]["InstanceCount"] = instances
    assert config(request_, "resourceconfig.json")["network_interface_name"] == interface
