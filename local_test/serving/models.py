"""CreateModel, DescribeModel, ListModels, DeleteModel: an image and its model data under a name.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

import time
from typing import Any

from local_test.api.errors import ValidationException
from local_test.api.listing import one_page
from local_test.api.supported_fields import check_supported
from local_test.api.tags import Tags
from local_test.host.emulator_settings import Platform
from local_test.serving.model_source import model_source

CONTAINER = {
    "ContainerHostname": None,  # SageMaker itself ignores it for a single container
    "Image": None,
    "ImageConfig": {"RepositoryAccessMode": ("Platform",)},
    "Mode": ("SingleModel",),
    "ModelDataUrl": None,
    "ModelDataSource": {"S3DataSource": {"S3Uri": None, "S3DataType": None, "CompressionType": None}},
    "Environment": None,
}
SUPPORTED = {
    "ModelName": None,
    "PrimaryContainer": CONTAINER,
    "Containers": [CONTAINER],
    "ExecutionRoleArn": None,
    "Tags": None,
    "EnableNetworkIsolation": None,
}


class Models:
    def __init__(self, platform: Platform, tags: Tags):
        self._platform, self._tags = platform, tags
        self._records = platform.state.records("models")

    def create_model(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, SUPPORTED, "CreateModel", self._platform.strict)
        if len(request.get("Containers", [])) > 1:
            raise ValidationException(
                "The local SageMaker does not support Containers with more than one container. Send the request to AWS."
            )
        container = the_container(request)
        if not container.get("Image"):
            raise ValidationException("The container definition has no Image.")
        try:
            if source := model_source(container):
                self._platform.files.check(source.uri)
        except ValueError as error:
            raise ValidationException(str(error)) from error
        arn = self._arn(request["ModelName"])
        record = {name: value for name, value in request.items() if name != "Tags"}
        if not self._records.create(request["ModelName"], {**record, "ModelArn": arn, "CreationTime": time.time()}):
            raise ValidationException(f'Cannot create already existing model "{arn}".')
        self._tags.set(arn, request.get("Tags"))
        return {"ModelArn": arn}

    def describe_model(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"EnableNetworkIsolation": False, **self.get(request["ModelName"])}

    def list_models(self, request: dict[str, Any]) -> dict[str, Any]:
        summaries = [
            {name: record[name] for name in ("ModelName", "ModelArn", "CreationTime")} for record in self._records.all()
        ]
        return one_page(summaries, request, "Model", "Models")

    def delete_model(self, request: dict[str, Any]) -> dict[str, Any]:
        arn = self._arn(request["ModelName"])
        if not self._records.delete(request["ModelName"]):
            raise ValidationException(f'Could not find model "{arn}".')
        self._tags.forget(arn)
        return {}

    def get(self, name: str) -> dict[str, Any]:
        """The request of a model, with ModelArn and CreationTime. Raises ValidationException when there is none."""
        record = self._records.get(name)
        if record is None:
            raise ValidationException(f'Could not find model "{self._arn(name)}".')
        return record

    def _arn(self, name: str) -> str:
        return self._platform.arn("model", name)


def the_container(model: dict[str, Any]) -> dict[str, Any]:
    """The one container definition of a model. Raises ValidationException unless it is one."""
    given = [
        container
        for container in (model.get("PrimaryContainer"), *model.get("Containers", []))
        if container is not None
    ]
    if len(given) != 1:
        raise ValidationException("A model has either a PrimaryContainer or Containers, and one of them here.")
    return given[0]
