"""What a CreateTransformJob request may ask for here, and what AWS itself refuses although each field is sound.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
"""

from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.request_validation import volume_key_problem
from local_test.api.supported_fields import check_supported
from local_test.transform.data_processing import data_processing
from local_test.transform.limits import MOST_CONCURRENT, MOST_MEGABYTES

SUPPORTED = {
    "TransformJobName": None,
    "ModelName": None,
    "MaxConcurrentTransforms": None,
    "ModelClientConfig": {"InvocationsTimeoutInSeconds": None, "InvocationsMaxRetries": None},
    "MaxPayloadInMB": None,
    "BatchStrategy": None,
    "Environment": None,
    "TransformInput": {
        "DataSource": {"S3DataSource": {"S3DataType": ("S3Prefix", "ManifestFile"), "S3Uri": None}},
        "ContentType": None,
        "CompressionType": None,
        "SplitType": None,
    },
    "TransformOutput": {"S3OutputPath": None, "Accept": None, "AssembleWith": None},
    # A container has no instance of its own here: type and AMI are only described, the driver is this machine's.
    "TransformResources": {"InstanceType": None, "InstanceCount": None, "TransformAmiVersion": None},
    "DataProcessing": None,
    "Tags": None,
}
MOST_INSTANCES = 100
AMIS = ("al2-ami-sagemaker-batch-gpu-470", "al2-ami-sagemaker-batch-gpu-535")


def check(request: dict[str, Any], strict: bool = False) -> None:
    """Raise ValidationException for the first thing that would not be done. strict: or that has no effect here."""
    check_supported(request, SUPPORTED, "CreateTransformJob", strict)
    megabytes, concurrent = request.get("MaxPayloadInMB", 0), request.get("MaxConcurrentTransforms", 0)
    if megabytes > MOST_MEGABYTES:
        raise ValidationException(f"MaxPayloadInMB must not be greater than {MOST_MEGABYTES}, and is {megabytes}.")
    if concurrent > MOST_CONCURRENT:
        raise ValidationException(
            f"MaxConcurrentTransforms must not be greater than {MOST_CONCURRENT}, and is {concurrent}."
        )
    if megabytes * concurrent > MOST_MEGABYTES:
        raise ValidationException(
            f"MaxConcurrentTransforms * MaxPayloadInMB must not be greater than {MOST_MEGABYTES} MB, "
            f"and is {concurrent} * {megabytes}."
        )
    if request["TransformResources"]["InstanceCount"] > MOST_INSTANCES:
        raise ValidationException(f"TransformResources.InstanceCount must not be greater than {MOST_INSTANCES}.")
    resources = request["TransformResources"]
    key = resources.get("VolumeKmsKeyId")
    if problem := volume_key_problem("TransformResources.VolumeKmsKeyId", resources["InstanceType"], key):
        raise ValidationException(problem)
    if resources.get("TransformAmiVersion", AMIS[0]) not in AMIS:
        raise ValidationException(
            f"TransformResources.TransformAmiVersion is {resources['TransformAmiVersion']}: it must be one of "
            f"{', '.join(AMIS)}."
        )
    uri = request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    if not uri.startswith(("s3://", "file:///")):
        raise ValidationException(
            f"TransformInput.DataSource.S3DataSource.S3Uri must begin with s3:// or file:///, and is {uri}."
        )
    try:
        data_processing(request)
    except ValueError as error:
        raise ValidationException(str(error)) from error
