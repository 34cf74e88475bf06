"""CreateTransformJob. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html"""

from typing import Any

from scripts.config.names import project_tags
from scripts.config.settings import Settings
from scripts.requests.gpu_ami import transform_ami


def transform_job_request(settings: Settings, *, name: str, model: str, source: str, output: str) -> dict[str, Any]:
    """Request for the job `name`: every picture under the URI `source` goes through the model named `model`.

    The answer to `<key>` is `<key>.out` under the URI `output`. Raises Failure as `transform_ami` does.
    """
    transform = settings.transform
    ami = transform_ami(transform.instance_type, settings.deploy.cuda)
    return {
        "TransformJobName": name,
        "ModelName": model,
        "MaxConcurrentTransforms": transform.max_concurrent,
        "MaxPayloadInMB": transform.max_payload_mb,
        "BatchStrategy": "SingleRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            # One type for all: the model looks into the bytes for what a picture is.
            "ContentType": "application/x-image",
            "SplitType": "None",
            "CompressionType": "None",
        },
        "TransformOutput": {"S3OutputPath": output, "Accept": "application/json", "AssembleWith": "None"},
        "TransformResources": {
            "InstanceType": transform.instance_type,
            "InstanceCount": transform.instance_count,
            **({"TransformAmiVersion": ami} if ami else {}),
        },
        "Tags": project_tags(settings.prefix),
    }
