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
from local_test.serving.model_definition import SUPPORTED, ModelContainer, definition_problems, model_containers
from local_test.serving.model_source import check_there, model_source


class Models:
    def __init__(self, platform: Platform, tags: Tags):
        self._platform, self._tags = platform, tags
        self._records = platform.state.records("models")

    def create_model(self, request: dict[str, Any]) -> dict[str, Any]:
        check_supported(request, SUPPORTED, "CreateModel", self._platform.strict)
        for problem in definition_problems(request):
            raise ValidationException(problem)
        self.check_containers(request)
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

    def check_containers(self, model: dict[str, Any]) -> None:
        """Raise ValidationException unless its images and model data are there. model: as CreateModel takes it."""
        for container in model_containers(model):
            self._check_data(container)
            self._check_image(container)

    def _check_data(self, container: ModelContainer) -> None:
        try:
            if source := model_source(container.definition):
                check_there(self._platform.objects, self._platform.files, source)
        except ValueError as error:
            raise ValidationException(str(error)) from error

    def _check_image(self, container: ModelContainer) -> None:
        image = container.definition["Image"]
        try:
            id = self._platform.local_image(image)
        except ValueError as error:
            raise ValidationException(f"Requested image {image} not found. {error}") from error
        if not container.required_labels:
            return
        labels = self._platform.engine.images.get(id).labels
        for label in container.required_labels:
            if labels.get(label) != "true":
                raise ValidationException(
                    f"Your Ecr Image {image} does not contain required {label}=true Docker label(s)."
                )

    def _arn(self, name: str) -> str:
        return self._platform.arn("model", name)
