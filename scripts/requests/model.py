"""CreateModel. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html"""

from scripts.requests.tags import project_tags
from scripts.settings import Settings


def model_request(settings: Settings, *, name: str, image: str, model_data: str, role_arn: str) -> dict:
    """Request for the model `name`: the serve image with a job's model.tar.gz. model_data: its URI."""
    return {
        "ModelName": name,
        "PrimaryContainer": {"Image": image, "ModelDataUrl": model_data, "Environment": settings.environment},
        "ExecutionRoleArn": role_arn,
        "Tags": project_tags(settings.prefix),
    }
