"""CreateProcessingJob: what is not supported is refused by name, and so is what AWS refuses."""

import copy

import pytest

from local_test.api.errors import ValidationException
from local_test.api.request_validation import validate
from local_test.api.supported_fields import without_effect
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
CLUSTER = ("ProcessingResources", "ClusterConfig")
OTHER = {"InstanceType": "ml.c5.xlarge"}
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


def preferences(*types, **cluster):
    """A ClusterConfig without a single InstanceType. types: fields of each of them."""
    return {
        "VolumeSizeInGB": 1,
        "InstancePreferences": [{"InstanceType": "ml.m5.large", **one} for one in types],
        **cluster,
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
    ("path", "value"),
    [
        (("NetworkConfig", "VpcConfig"), {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}),
        (("NetworkConfig", "EnableInterContainerTrafficEncryption"), True),
        (("ProcessingOutputConfig", "KmsKeyId"), "key"),
        (("ProcessingResources", "ClusterConfig", "VolumeKmsKeyId"), "key"),
        (("ExperimentConfig",), {"ExperimentName": "e"}),
    ],
)
def test_what_has_no_effect_on_one_machine_is_taken_and_refused_where_the_service_is_strict(path, value):
    request = changed(path, value)
    validate("CreateProcessingJob", request)
    check(request)
    assert without_effect("CreateProcessingJob", request) == [".".join(path)]
    with pytest.raises(ValidationException, match=rf"{'.'.join(path)} has no effect"):
        check(request, strict=True)


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
        (("ProcessingResources", "ClusterConfig", "SelectedInstanceType"), "ml.m5.large", "SelectedInstanceType"),
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
        (CLUSTER, {"VolumeSizeInGB": 1}, "exactly one of InstanceType and InstancePreferences"),
        ((*CLUSTER, "InstancePreferences"), [{"InstanceType": "ml.m5.large"}], "exactly one of InstanceType and"),
        (CLUSTER, preferences({}, {}, InstanceCount=1), "InstanceType ml.m5.large twice"),
        (CLUSTER, preferences({}, OTHER), "InstanceCount either once"),
        (CLUSTER, preferences({}, {**OTHER, "InstanceCount": 1}), "InstanceCount either once"),
        (CLUSTER, preferences({}, {**OTHER, "InstanceCount": 1}, InstanceCount=1), "InstanceCount either once"),
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
