"""What CreateModel says about a model: its containers, how they share a request, and what AWS refuses of it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html
"""

from dataclasses import dataclass
from typing import Any

from local_test.serving.container_spec import PORT_VARIABLE

CONTAINER = {
    "ContainerHostname": None,
    "Image": None,
    "ImageConfig": {"RepositoryAccessMode": ("Platform",)},
    "Mode": ("SingleModel", "MultiModel"),
    "ModelDataUrl": None,
    "ModelDataSource": {"S3DataSource": {"S3Uri": None, "S3DataType": None, "CompressionType": None}},
    "MultiModelConfig": {"ModelCacheSetting": None},
    "Environment": None,
}
SUPPORTED = {
    "ModelName": None,
    "PrimaryContainer": CONTAINER,
    "Containers": [CONTAINER],
    "InferenceExecutionConfig": {"Mode": None},
    "ExecutionRoleArn": None,
    "Tags": None,
    "EnableNetworkIsolation": None,
}
ALONE = "primary"  # what SageMaker calls the container of a model that has no other
MULTI_MODEL = "com.amazonaws.sagemaker.capabilities.multi-models"
BIND_TO_PORT = "com.amazonaws.sagemaker.capabilities.accept-bind-to-port"
PORTS_RANGE_VARIABLE = "SAGEMAKER_SAFE_PORT_RANGE"
FIRST_PORT, PORTS_EACH = 10_000, 1000  # of containers that share an instance: none of them has 8080


@dataclass(frozen=True)
class ModelContainer:
    """One container of a model. name: in logs, metrics and errors. position: None when it is the only one."""

    name: str
    definition: dict[str, Any]
    position: int | None

    @property
    def is_multi_model(self) -> bool:
        return self.definition.get("Mode") == "MultiModel"

    @property
    def caches_models(self) -> bool:
        return self.definition.get("MultiModelConfig", {}).get("ModelCacheSetting", "Enabled") == "Enabled"

    @property
    def environment(self) -> dict[str, str]:
        """The definition's own, and what the platform adds."""
        added = {"SAGEMAKER_MULTI_MODEL": "true"} if self.is_multi_model else {}
        if self.position is not None:
            port = FIRST_PORT + PORTS_EACH * self.position
            added[PORT_VARIABLE] = str(port)
            added[PORTS_RANGE_VARIABLE] = f"{port + 1}-{port + PORTS_EACH - 1}"
        return {**self.definition.get("Environment", {}), **added}

    @property
    def required_labels(self) -> list[str]:
        """That the image must have, with the value `true`."""
        return [MULTI_MODEL] * self.is_multi_model + [BIND_TO_PORT] * (self.position is not None)


def model_containers(model: dict[str, Any]) -> list[ModelContainer]:
    """The containers of a model in the order in which a request passes them. model: its CreateModel request."""
    alone = model.get("PrimaryContainer")
    definitions = [alone] if alone is not None else model["Containers"]
    if len(definitions) == 1:
        return [ModelContainer(ALONE, definitions[0], None)]
    return [
        ModelContainer(one.get("ContainerHostname") or f"container-{number + 1}", one, number)
        for number, one in enumerate(definitions)
    ]


def is_direct(model: dict[str, Any]) -> bool:
    """Whether a request names the one container that is to answer it."""
    return model.get("InferenceExecutionConfig", {}).get("Mode") == "Direct"


def is_multi_model(model: dict[str, Any]) -> bool:
    """Whether a request names a model of one of the containers."""
    return any(one.is_multi_model for one in model_containers(model))


def definition_problems(model: dict[str, Any]) -> list[str]:
    """What is wrong with a CreateModel request beyond what the service model says, a sentence each."""
    if (model.get("PrimaryContainer") is not None) == bool(model.get("Containers")):
        return ["A model has either a PrimaryContainer or Containers. Give one of the two."]
    containers = model_containers(model)
    found = [problem for one in containers for problem in _container_problems(one)]
    several = len(containers) > 1
    named = [one.definition["ContainerHostname"] for one in containers if one.definition.get("ContainerHostname")]
    if several and named and len(named) < len(containers):
        found.append("ContainerHostname is given for every container of a model or for none.")
    if len(set(named)) < len(named):
        found.append("Each container of a model needs a ContainerHostname of its own.")
    if "InferenceExecutionConfig" in model and not several:
        found.append("InferenceExecutionConfig is for a model with two or more Containers.")
    if several and is_direct(model) and not named:
        found.append("InferenceExecutionConfig.Mode Direct needs a ContainerHostname for every container.")
    if sum(one.is_multi_model for one in containers) > (0 if is_direct(model) else 1):
        found.append(
            "MultiModel mode is not supported with direct invocation."
            if is_direct(model)
            else "More than one container in MultiModel mode is not supported with inference pipeline."
        )
    return found


def _container_problems(container: ModelContainer) -> list[str]:
    given = container.definition
    found = []
    if not given.get("Image"):
        found.append(f"The definition of the container {container.name} has no Image.")
    if container.is_multi_model and "ModelDataSource" in given:
        found.append("Mode MultiModel does not take ModelDataSource. Give ModelDataUrl, the prefix of the models.")
    elif container.is_multi_model and not given.get("ModelDataUrl"):
        found.append("Mode MultiModel needs ModelDataUrl, the prefix of the models.")
    if "MultiModelConfig" in given and not container.is_multi_model:
        found.append("MultiModelConfig is for a container with Mode MultiModel.")
    return found
