"""What CreateInferenceComponent and UpdateInferenceComponent say: the model of an inference component, how its copies
start, and what is refused of it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentSpecification.html
"""

from typing import Any

from local_test.serving.model_definition import is_multi_model, model_containers

SPECIFICATION = {
    "ModelName": None,
    "Container": {"Image": None, "ArtifactUrl": None, "Environment": None},
    "StartupParameters": {
        "ModelDataDownloadTimeoutInSeconds": None,
        "ContainerStartupHealthCheckTimeoutInSeconds": None,
    },
    # As an instance type, of no consequence on one machine; but MaxMemoryRequiredInMb limits each copy.
    "ComputeResourceRequirements": {
        "NumberOfCpuCoresRequired": None,
        "NumberOfAcceleratorDevicesRequired": None,
        "MinMemoryRequiredInMb": None,
        "MaxMemoryRequiredInMb": None,
    },
}
RUNTIME = {"CopyCount": None}
CREATE = {
    "InferenceComponentName": None,
    "EndpointName": None,
    "VariantName": None,
    "Specification": SPECIFICATION,
    "RuntimeConfig": RUNTIME,
    "Tags": None,
}
UPDATE = {
    "InferenceComponentName": None,
    "Specification": SPECIFICATION,
    "RuntimeConfig": RUNTIME,
    "DeploymentConfig": {},
}


def specification_problems(specification: dict[str, Any]) -> list[str]:
    """What is wrong with an InferenceComponentSpecification beyond what the service model says, a sentence each."""
    container = specification.get("Container")
    if bool(specification.get("ModelName")) == bool(container):
        return [
            "The Specification of an inference component has either a ModelName or a Container. Give one of the two."
        ]
    found = []
    if container and not container.get("Image"):
        found.append("Specification.Container has no Image.")
    needs = specification.get("ComputeResourceRequirements")
    if not needs:
        found.append("An inference component needs Specification.ComputeResourceRequirements.")
    elif needs["MinMemoryRequiredInMb"] > needs.get("MaxMemoryRequiredInMb", needs["MinMemoryRequiredInMb"]):
        found.append("MinMemoryRequiredInMb is above MaxMemoryRequiredInMb.")
    return found


def changed(specification: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The specification after an update, which says what is to be different. A ModelName takes the place of a
    Container, and the other way round.
    """
    replaced = {"ModelName": "Container", "Container": "ModelName"}
    gone = {replaced[field] for field in changes if field in replaced}
    return {**{field: value for field, value in specification.items() if field not in gone}, **changes}


def served_model(specification: dict[str, Any], config: dict[str, Any], model: dict[str, Any] | None) -> dict[str, Any]:
    """A model's record as the containers of the component are to have it.

    Args:
        config: of the endpoint; its role is theirs where the model has none, and its isolation too.
        model: the record of the ModelName; None where the specification has a Container.
    """
    if model is None:
        container = specification["Container"]
        data = {"ModelDataUrl": container["ArtifactUrl"]} if "ArtifactUrl" in container else {}
        definition = {"Image": container["Image"], "Environment": container.get("Environment", {}), **data}
        model = {"ModelName": "of the component itself", "PrimaryContainer": definition}
    return {
        **model,
        "ExecutionRoleArn": model.get("ExecutionRoleArn") or config["ExecutionRoleArn"],
        "EnableNetworkIsolation": bool(model.get("EnableNetworkIsolation") or config.get("EnableNetworkIsolation")),
    }


def model_problems(model: dict[str, Any]) -> list[str]:
    """Why an inference component cannot have this model, a sentence each. model: its record."""
    if is_multi_model(model) or len(model_containers(model)) > 1:
        return [f"An inference component has one container with one model, which {model['ModelName']} is not."]
    return []


def specification_summary(specification: dict[str, Any]) -> dict[str, Any]:
    """As DescribeInferenceComponent has it."""
    container = specification.get("Container")
    if not container:
        return specification
    image = {"SpecifiedImage": container["Image"], "ResolvedImage": container["Image"]}
    rest = {field: value for field, value in container.items() if field != "Image"}
    return {**specification, "Container": {"DeployedImage": image, **rest}}
