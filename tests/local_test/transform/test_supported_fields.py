"""What a CreateTransformJob request may ask for."""

import copy

import pytest

from local_test.api.errors import ValidationException
from local_test.api.request_validation import operations, validate
from local_test.api.supported_fields import WITHOUT_EFFECT
from local_test.transform.supported_fields import SUPPORTED, check

REQUEST = {
    "TransformJobName": "job",
    "ModelName": "model",
    "MaxConcurrentTransforms": 4,
    "ModelClientConfig": {"InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 1},
    "MaxPayloadInMB": 25,
    "BatchStrategy": "MultiRecord",
    "Environment": {"A": "b"},
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}},
        "ContentType": "text/csv",
        "CompressionType": "Gzip",
        "SplitType": "Line",
    },
    "TransformOutput": {"S3OutputPath": "s3://data/out", "Accept": "text/csv", "AssembleWith": "Line"},
    "TransformResources": {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 2,
        "TransformAmiVersion": "al2-ami-sagemaker-batch-gpu-535",
    },
    "DataProcessing": {"InputFilter": "$[1:]", "OutputFilter": "$[0,-1]", "JoinSource": "Input"},
    "Tags": [{"Key": "a", "Value": "b"}],
}


def changed(path, value):
    request = copy.deepcopy(REQUEST)
    *parents, last = path.split(".")
    at = request
    for parent in parents:
        at = at[parent]
    at[last] = value
    return request


def test_a_request_with_everything_that_is_supported_is_taken():
    validate("CreateTransformJob", REQUEST)
    check(REQUEST)


def test_every_field_is_supported_or_refused_on_purpose():
    refused = set(operations()["CreateTransformJob"].input_shape.members) - set(SUPPORTED)
    assert refused - set(WITHOUT_EFFECT["CreateTransformJob"]) == {"DataCaptureConfig"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("DataCaptureConfig", {"DestinationS3Uri": "s3://data/captured"}),
        ("TransformInput.DataSource.S3DataSource.S3DataType", "AugmentedManifestFile"),
        ("TransformInput.DataSource.S3DataSource.S3Uri", "https://data/in"),
        ("TransformResources.InstanceCount", 101),
        ("TransformResources.TransformAmiVersion", "al2-ami-sagemaker-batch-gpu-999"),
        ("MaxPayloadInMB", 101),
        ("MaxConcurrentTransforms", 101),
        ("DataProcessing.InputFilter", "$..a"),
        ("TransformInput.ContentType", "image/png"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name(path, value):
    with pytest.raises(ValidationException) as refused:
        check(changed(path, value))
    assert path in refused.value.message


def test_what_has_no_effect_is_taken_but_by_strict():
    check(changed("TransformOutput.KmsKeyId", "key"))
    with pytest.raises(ValidationException, match=r"TransformOutput.KmsKeyId has no effect"):
        check(changed("TransformOutput.KmsKeyId", "key"), strict=True)


def test_an_instance_with_local_storage_has_no_volume_key():
    check(changed("TransformResources.VolumeKmsKeyId", "key"))
    request = changed("TransformResources.VolumeKmsKeyId", "key")
    request["TransformResources"]["InstanceType"] = "ml.g4dn.xlarge"
    with pytest.raises(ValidationException, match=r"TransformResources.VolumeKmsKeyId cannot be given for ml.g4dn"):
        check(request)


def test_all_payloads_at_once_may_not_be_larger_than_100_mb():
    check(changed("MaxPayloadInMB", 25))
    with pytest.raises(
        ValidationException, match=r"MaxConcurrentTransforms \* MaxPayloadInMB .* 100 MB, and is 4 \* 26"
    ):
        check(changed("MaxPayloadInMB", 26))


@pytest.mark.parametrize("split", ["None", "Line", "RecordIO", "TFRecord"])
def test_every_split_type_is_supported(split):
    request = changed("TransformInput.SplitType", split)
    del request["DataProcessing"]
    check(request)
