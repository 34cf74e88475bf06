"""CreateTrainingJob. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html"""

from typing import Any

from contract.opt_ml import CHECKPOINTS
from scripts.config.layout import Layout
from scripts.config.settings import Settings
from scripts.requests.debugger import debugger_fields
from scripts.requests.tags import project_tags
from scripts.requests.training_definition import hyperparameters as all_hyperparameters
from scripts.requests.training_definition import training_definition


def training_job_request(
    settings: Settings,
    layout: Layout,
    *,
    name: str,
    image: str,
    role_arn: str,
    region: str,
    channels: dict[str, str],
    hyperparameters: dict[str, str],
) -> dict[str, Any]:
    """Request for the job `name`. channels: name -> URI of what it holds. hyperparameters: before those of the
    settings.

    Raises Failure as `training_definition` does.
    """
    chosen = all_hyperparameters(settings, hyperparameters)
    return {
        "TrainingJobName": name,
        **training_definition(
            settings, layout, image=image, role_arn=role_arn, channels=channels, hyperparameters=chosen
        ),
        "HyperParameters": chosen,
        "CheckpointConfig": {"S3Uri": f"{layout.checkpoints}/{name}", "LocalPath": CHECKPOINTS},
        **debugger_fields(settings.debugger, region, layout.debugger),
        "Tags": project_tags(settings.prefix),
    }
