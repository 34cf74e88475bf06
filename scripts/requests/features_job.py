"""CreateTrainingJob for the features that the trials of a tuning job share.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from typing import Any

from contract.feature_sharing import FEATURES_ONLY
from scripts.config.layout import Layout
from scripts.config.settings import Settings
from scripts.requests.tags import project_tags
from scripts.requests.training_definition import training_definition


def features_job_request(
    settings: Settings,
    layout: Layout,
    *,
    name: str,
    image: str,
    role_arn: str,
    channels: dict[str, str],
    static: dict[str, str],
    output: str,
) -> dict[str, Any]:
    """Request for the job `name`: the trials' image, machine and data, but it trains nothing. static: as the trials
    have them.

    Its files go to `features_uri(output, name)`.
    """
    return {
        "TrainingJobName": name,
        **training_definition(
            settings, layout, image=image, role_arn=role_arn, channels=channels, hyperparameters=static
        ),
        "HyperParameters": {**static, FEATURES_ONLY: "true"},
        # Plain files: a channel can bring them as they are.
        "OutputDataConfig": {"S3OutputPath": output, "CompressionType": "NONE"},
        "Tags": project_tags(settings.prefix),
    }


def features_uri(output: str, name: str) -> str:
    """Where the service puts the model of an uncompressed job.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-train-storage-uncompressed.html
    """
    return f"{output}/{name}/output/model/"
