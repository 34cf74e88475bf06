"""Steps of tests with inference components."""

from botocore.exceptions import ClientError

from local_test.host.labels import COMPONENT, NAME, find
from tests.local_service import until
from tests.service.serving.harness import Harness, unique

ROLE = "arn:aws:iam::123456789012:role/local-sagemaker"
NEEDS = {"MinMemoryRequiredInMb": 128}


def host_of(service: Harness, **more) -> str:
    scaling = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 3}
    variant = {
        "VariantName": "AllTraffic",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "ManagedInstanceScaling": scaling,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    return service.in_service(service.create(service.create_config(variant, ExecutionRoleArn=ROLE, **more)))


def create(service: Harness, endpoint: str, environment: dict | None = None, copies: int = 1, **more) -> str:
    """A component, whose copies are still starting."""
    name = unique("component")
    service.sagemaker.create_inference_component(
        InferenceComponentName=name,
        EndpointName=endpoint,
        Specification={
            "ModelName": service.create_model(environment, **more),
            "ComputeResourceRequirements": NEEDS,
        },
        RuntimeConfig={"CopyCount": copies},
    )
    return name


def settled(service: Harness, name: str) -> dict:
    def look():
        described = service.sagemaker.describe_inference_component(InferenceComponentName=name)
        return described if described["InferenceComponentStatus"] in ("InService", "Failed") else None

    return until(look)


def in_service(service: Harness, name: str) -> str:
    described = settled(service, name)
    assert described["InferenceComponentStatus"] == "InService", described
    return name


def scale(service: Harness, name: str, copies: int) -> dict:
    wanted = {"CopyCount": copies}
    service.sagemaker.update_inference_component_runtime_config(
        InferenceComponentName=name, DesiredRuntimeConfig=wanted
    )
    return settled(service, name)


def delete(service: Harness, name: str) -> None:
    settled(service, name)
    service.sagemaker.delete_inference_component(InferenceComponentName=name)

    def gone():
        try:
            service.sagemaker.describe_inference_component(InferenceComponentName=name)
        except ClientError as error:
            return "Could not find inference component" in str(error)

    until(gone)


def copies(service: Harness, name: str) -> list:
    found = find(service.platform.engine, COMPONENT, service.platform.service)
    return [one for one in found if one.labels[NAME] == name]
