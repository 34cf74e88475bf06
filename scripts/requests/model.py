"""CreateModel. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html"""

from typing import Any

from scripts.config.settings import Settings
from scripts.requests.network_isolation import model_is_isolated
from scripts.requests.tags import project_tags


def model_request(
    settings: Settings, *, name: str, image: str, model_data: str, role_arn: str, serverless: bool = False
) -> dict[str, Any]:
    """Request for the model `name`: the serve image with a job's model.tar.gz. model_data: its URI. serverless: its
    endpoint.
    """
    return {
        "ModelName": name,
        "PrimaryContainer": {"Image": image, "ModelDataUrl": model_data, "Environment": settings.environment},
        "ExecutionRoleArn": role_arn,
        "EnableNetworkIsolation": model_is_isolated(settings, serverless=serverless),
        "Tags": project_tags(settings.prefix),
    }
