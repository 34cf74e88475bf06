"""The files that a processing container finds, and what the request leaves to the platform."""

import json

import pytest

from local_test.api.request_validation import validate
from local_test.processing import opt_ml
from local_test.processing.supported_fields import check
from tests.local_test.processing.test_supported_fields import OTHER, REQUEST, preferences

ARN = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/job-1"


def record(**changes):
    return {**opt_ml.with_defaults({**REQUEST, **changes}), "ProcessingJobArn": ARN}


def config(job, host="algo-1"):
    return {name: json.loads(text) for name, text in opt_ml.config_files(job, host).items()}


def test_what_a_request_leaves_out_is_filled_in_as_the_platform_does():
    job = record()
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    code = job["ProcessingInputs"][0]
    assert code["AppManaged"] is False
    assert (
        code["S3Input"].items()
        >= {
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        }.items()
    )
    assert job["ProcessingOutputConfig"]["Outputs"][0]["AppManaged"] is False
    assert "S3InputMode" not in REQUEST["ProcessingInputs"][0]["S3Input"]


def test_the_job_config_is_the_request_with_null_for_what_it_lacks():
    job = config(record(Environment={"A": "1"}))["processingjobconfig.json"]
    assert (job["ProcessingJobArn"], job["ProcessingJobName"]) == (ARN, "job-1")
    assert job["AppSpecification"] == {"ImageUri": "image", "ContainerEntrypoint": None, "ContainerArguments": None}
    assert job["Environment"] == {"A": "1"}
    assert job["ProcessingInputs"][0]["S3Input"]["LocalPath"] == "/opt/ml/processing/input/code/"
    assert job["ProcessingOutputConfig"]["KmsKeyId"] is None
    assert job["ProcessingResources"]["ClusterConfig"] == {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 30,
        "VolumeKmsKeyId": None,
    }
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}


def test_the_resource_config_names_the_hosts():
    resources = {"ClusterConfig": {**REQUEST["ProcessingResources"]["ClusterConfig"], "InstanceCount": 11}}
    found = config(record(ProcessingResources=resources), "algo-10")["resourceconfig.json"]
    assert found["current_host"] == "algo-10"
    assert found["hosts"] == sorted(f"algo-{number}" for number in range(1, 12))


@pytest.mark.parametrize(
    "cluster",
    [
        preferences({"InstanceCount": 2}, {**OTHER, "InstanceCount": 1}),
        preferences({}, OTHER, InstanceCount=2),
    ],
)
def test_of_several_instance_types_the_first_is_selected(cluster):
    request = {**REQUEST, "ProcessingResources": {"ClusterConfig": cluster}}
    validate("CreateProcessingJob", request)
    check(request)
    job = record(ProcessingResources={"ClusterConfig": cluster})
    selected = {"SelectedInstanceType": "ml.m5.large", "SelectedInstanceCount": 2}
    assert job["ProcessingResources"]["ClusterConfig"] == {**cluster, **selected}
    assert opt_ml.hosts(job) == ["algo-1", "algo-2"]


def test_folders_of_inputs_and_outputs_are_there_before_the_program():
    assert opt_ml.folders(record()) == [
        "/opt/ml/config",
        "/opt/ml/output",
        "/opt/ml/processing/input",
        "/opt/ml/processing/input/code",
        "/opt/ml/processing/out",
    ]


def test_what_the_program_manages_is_neither_brought_nor_stored():
    inputs = [{**REQUEST["ProcessingInputs"][0], "AppManaged": True}, REQUEST["ProcessingInputs"][1]]
    outputs = {"Outputs": [{**REQUEST["ProcessingOutputConfig"]["Outputs"][0], "AppManaged": True}]}
    job = record(ProcessingInputs=inputs, ProcessingOutputConfig=outputs)
    assert [one["InputName"] for one in opt_ml.downloads(job)] == ["data"]
    assert opt_ml.uploads(job) == []


def test_entrypoint_and_arguments_are_those_of_the_request_or_the_images_own():
    assert opt_ml.command(record()) == (None, [])
    given = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "a.py"], "ContainerArguments": ["--x", "1"]}
    assert opt_ml.command(record(AppSpecification=given)) == (["python3", "a.py"], ["--x", "1"])
