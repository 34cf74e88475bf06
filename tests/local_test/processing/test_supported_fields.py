"""CreateProcessingJob: what is not supported is refused by name, and so is what AWS refuses."""

import copy

import pytest

from local_test.api.errors import ValidationException
from local_test.api.request_validation import validate
from local_test.processing.supported_fields import check

REQUEST = {
    "ProcessingJobName": "job-1",
    "AppSpecification": {"ImageUri": "image"},
    "RoleArn": "arn:aws:iam::123456789012:role/local",
    "ProcessingInputs": [
        {
            "InputName": "code",
            "S3Input": {
                "S3Uri": "s3://bucket/code",
                "LocalPath": "/opt/ml/processing/input/code/",
                "S3DataType": "S3Prefix",
            },
        },
        {
            "InputName": "data",
            "S3Input": {
                "S3Uri": "file:///data",
                "LocalPath": "/opt/ml/processing/input",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3CompressionType": "None",
            },
        },
    ],
    "ProcessingOutputConfig": {
        "Outputs": [
            {
                "OutputName": "out",
                "S3Output": {
                    "S3Uri": "s3://bucket/out",
                    "LocalPath": "/opt/ml/processing/out",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
    },
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}},
}
INPUT = ("ProcessingInputs", 0, "S3Input")
OUTPUT = ("ProcessingOutputConfig", "Outputs", 0, "S3Output")
MISSING = object()
REDSHIFT = {
    "ClusterId": "c",
    "Database": "d",
    "DbUser": "u",
    "QueryString": "q",
    "ClusterRoleArn": "arn:aws:iam::123456789012:role/local",
    "OutputS3Uri": "s3://bucket/x",
    "OutputFormat": "CSV",
}


def changed(path, value):
    request = copy.deepcopy(REQUEST)
    field = request
    for step in path[:-1]:
        field = field.setdefault(step, {}) if isinstance(field, dict) else field[step]
    if value is MISSING:
        del field[path[-1]]
    else:
        field[path[-1]] = value
    return request


def test_a_sound_request_is_taken():
    validate("CreateProcessingJob", REQUEST)
    check(REQUEST)


@pytest.mark.parametrize("path", [("ProcessingInputs",), ("ProcessingOutputConfig",)])
def test_a_job_needs_neither_inputs_nor_outputs(path):
    request = changed(path, MISSING)
    validate("CreateProcessingJob", request)
    check(request)


def test_an_input_and_an_output_that_the_program_manages_itself_need_no_folder():
    request = changed((*INPUT, "LocalPath"), MISSING)
    del request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"]
    for element in (request["ProcessingInputs"][0], request["ProcessingOutputConfig"]["Outputs"][0]):
        element["AppManaged"] = True
    validate("CreateProcessingJob", request)
    check(request)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ((*INPUT, "S3InputMode"), "Pipe", r"ProcessingInputs\[0\].S3Input.S3InputMode only as File"),
        (
            ("ProcessingInputs", 0),
            {"InputName": "a", "DatasetDefinition": {"RedshiftDatasetDefinition": REDSHIFT}},
            r"does not support ProcessingInputs\[0\].DatasetDefinition",
        ),
        (
            ("ProcessingOutputConfig", "Outputs", 0),
            {"OutputName": "a", "FeatureStoreOutput": {"FeatureGroupName": "g"}, "AppManaged": True},
            r"does not support ProcessingOutputConfig.Outputs\[0\].FeatureStoreOutput",
        ),
        (
            ("ProcessingResources", "ClusterConfig", "InstancePreferences"),
            [{"InstanceType": "ml.m5.large"}],
            "does not support ProcessingResources.ClusterConfig.InstancePreferences",
        ),
    ],
)
def test_what_is_not_done_here_is_refused_by_name(path, value, named):
    request = changed(path, value)
    validate("CreateProcessingJob", request)
    with pytest.raises(ValidationException, match=named):
        check(request)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ((*INPUT, "S3CompressionType"), "Gzip", "Gzip can only be used when Pipe mode is specified"),
        ((*INPUT, "LocalPath"), MISSING, r"ProcessingInputs\[0\].S3Input.LocalPath is missing"),
        ((*OUTPUT, "LocalPath"), MISSING, r"Outputs\[0\].S3Output.LocalPath is missing"),
        ((*INPUT, "LocalPath"), "/opt/ml/input", r"S3Input.LocalPath is /opt/ml/input: .* below /opt/ml/processing/"),
        ((*INPUT, "LocalPath"), "/opt/ml/processing/", "LocalPath"),
        ((*INPUT, "LocalPath"), "/opt/ml/processing/../model", "LocalPath"),
        ((*OUTPUT, "LocalPath"), "relative", r"S3Output.LocalPath is relative"),
        ((*OUTPUT, "LocalPath"), "/opt/ml/processing/input/", r"and so is ProcessingInputs\[1\].S3Input.LocalPath"),
        (("ProcessingInputs", 1, "InputName"), "code", "InputName code twice"),
        (("ProcessingInputs", 0, "S3Input"), MISSING, "exactly one of S3Input and DatasetDefinition"),
        (("ProcessingOutputConfig", "Outputs", 0, "S3Output"), MISSING, "exactly one of S3Output"),
        (("ProcessingResources", "ClusterConfig", "InstanceType"), MISSING, "InstanceType is missing"),
    ],
)
def test_what_aws_refuses_is_refused(path, value, named):
    request = changed(path, value)
    validate("CreateProcessingJob", request)
    with pytest.raises(ValidationException, match=named):
        check(request)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("ProcessingJobName",), "no_underscores", "processingJobName"),
        (("Environment",), {"1A": "x"}, "environment"),
        (("Environment",), {"A": "x" * 257}, "environment"),
        (("StoppingCondition",), {"MaxRuntimeInSeconds": 777601}, "maxRuntimeInSeconds"),
        ((*OUTPUT, "S3UploadMode"), "Sometimes", "s3UploadMode"),
        (("ProcessingResources", "ClusterConfig", "InstanceType"), "ml.x.large", "instanceType"),
    ],
)
def test_what_the_service_model_forbids_is_refused_in_its_words(path, value, named):
    with pytest.raises(ValidationException, match=rf"validation error.*{named}.*failed to satisfy constraint"):
        validate("CreateProcessingJob", changed(path, value))
