"""Requests are held to botocore's own model, and refused in AWS's words with the member's path."""

import pytest

from local_test.api.errors import UnknownOperation, ValidationException
from local_test.api.request_validation import validate
from local_test.api.sagemaker_api import SageMakerApi

CONFIG = {
    "EndpointConfigName": "config",
    "ProductionVariants": [
        {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.g4dn.xlarge"}
    ],
}


def variant(**changes):
    return {**CONFIG, "ProductionVariants": [{**CONFIG["ProductionVariants"][0], **changes}]}


def test_a_sound_request_passes():
    validate("CreateEndpointConfig", CONFIG)


@pytest.mark.parametrize(
    ("request_", "path", "constraint"),
    [
        ({"EndpointConfigName": "x"}, "productionVariants", "must not be null"),
        (
            variant(InstanceType="ml.g4dn.xlargee"),
            "productionVariants.1.member.instanceType",
            "must satisfy enum value set",
        ),
        (
            variant(VariantName="a_b"),
            "productionVariants.1.member.variantName",
            "must satisfy regular expression pattern",
        ),
        (variant(VariantName="a" * 64), "productionVariants.1.member.variantName", "length less than or equal to 63"),
        (
            variant(InitialInstanceCount=0),
            "productionVariants.1.member.initialInstanceCount",
            "value greater than or equal to 1",
        ),
        (
            variant(InitialInstanceCount="1"),
            "productionVariants.1.member.initialInstanceCount",
            "must be of type integer",
        ),
        (
            variant(InitialInstanceCount=True),
            "productionVariants.1.member.initialInstanceCount",
            "must be of type integer",
        ),
        ({**CONFIG, "ProductionVariants": []}, "productionVariants", "length greater than or equal to 1"),
        (variant(InstanceKind="x"), "productionVariants.1.member.instanceKind", "unknown"),
    ],
)
def test_each_violation_is_named_by_its_path(request_, path, constraint):
    with pytest.raises(ValidationException, match=f"'{path}'.*{constraint}"):
        validate("CreateEndpointConfig", request_)


def test_all_violations_come_at_once():
    with pytest.raises(ValidationException, match=r"^2 validation errors detected"):
        validate("CreateEndpointConfig", variant(VariantName="a_b", InstanceType="x"))


def test_a_file_uri_stands_for_an_s3_uri_and_nothing_else():
    request = {
        "ModelName": "m",
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
        "PrimaryContainer": {"Image": "i", "ModelDataUrl": "file:///m.tar.gz"},
    }
    validate("CreateModel", request)
    request["PrimaryContainer"]["ModelDataUrl"] = "ftp://m.tar.gz"
    with pytest.raises(ValidationException, match="modelDataUrl"):
        validate("CreateModel", request)


def test_an_operation_that_is_not_here_is_refused_by_name_not_invented():
    with pytest.raises(UnknownOperation, match="does not have CreateProcessingJob"):
        SageMakerApi().call("CreateProcessingJob", {})
    with pytest.raises(UnknownOperation, match="no operation CreateTraningJob"):
        SageMakerApi().call("CreateTraningJob", {})
