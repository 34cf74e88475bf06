"""What an invocation asks of an endpoint and what comes of it: an answer, or an error in SageMaker's words.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from dataclasses import dataclass

from local_test.host.emulator_settings import ACCOUNT
from local_test.serving.instance import Instance
from local_test.serving.pipeline import Passed

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
NEW_SESSION = "X-Amzn-SageMaker-New-Session-Id"
CLOSED_SESSION = "X-Amzn-SageMaker-Closed-Session-Id"
PASSED_BACK = (CUSTOM_ATTRIBUTES, NEW_SESSION, CLOSED_SESSION)
LONGEST_MESSAGE = 2048  # characters, of the service model


@dataclass(frozen=True)
class Asked:
    """headers: for the container, Content-Type and Accept among them. target: variant. seconds: for the answer.

    target_model, target_container: of multi-model endpoints, and of those with direct invocation. id: of the request.
    """

    body: bytes
    headers: dict[str, str]
    seconds: float
    target: str | None = None
    session: str | None = None
    inference_id: str | None = None
    target_model: str | None = None
    target_container: str | None = None
    id: str = ""


@dataclass(frozen=True)
class Answer:
    """headers: those of PASSED_BACK that the container gave."""

    body: bytes
    content_type: str
    variant: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """What CloudWatch gets to know of one request. status: the container's, 0 when it gave none.

    containers: those of several that have answered. direct: the request named the one of them that it was for.
    component: the inference component that the request named. had_capacity: whether that had a copy.
    """

    endpoint: str
    variant: str
    status: int
    seconds: float
    containers: tuple[Passed, ...] = ()
    direct: bool = False
    component: str | None = None
    had_capacity: bool = True


class WrongTarget(ValueError):
    """The request names a model or a container where the endpoint has none to choose, or does not where it has."""


class ModelFault(Exception):
    """The model answered with an error, or not at all (original_status 0). message: as AWS writes it."""

    def __init__(self, message: str, original_status: int, original_message: str, log_stream_arn: str):
        super().__init__(message)
        self.message, self.original_status = message, original_status
        self.original_message, self.log_stream_arn = original_message, log_stream_arn


class BrokenStream(Exception):
    """The answer broke off in its middle. code: StreamBroken or ModelInvocationTimeExceeded."""

    def __init__(self, message: str, code: str):
        super().__init__(message)
        self.message, self.code = message, code


def check_target(endpoint: str, instance: Instance, asked: Asked) -> None:
    """Raise WrongTarget unless the request names a model and a container where the endpoint has some to choose."""
    if asked.target_model and not instance.is_multi_model:
        raise WrongTarget(
            f"Endpoint {endpoint} is not a multi-model endpoint and does not support target model header."
        )
    if instance.is_multi_model and not asked.target_model:
        raise WrongTarget(f"Request {asked.id} is missing a target model header.")
    if asked.target_container and not instance.is_direct:
        raise WrongTarget(
            f"Endpoint {endpoint} is not configured for direct invocation and does not support target container "
            "hostname header."
        )
    if instance.is_direct and not asked.target_container:
        raise WrongTarget(f"Request {asked.id} is missing a target container hostname header.")
    if asked.target_container and asked.target_container not in instance.container_names:
        raise WrongTarget(
            f"Endpoint {endpoint} has no container {asked.target_container}; it has "
            f"{', '.join(instance.container_names)}."
        )


def model_error_message(region: str, group: str, container: str, status: int, original: str) -> str:
    """As AWS was seen to write it; its length is that of the service model."""
    whose = "client" if 400 <= status < 500 else "server"
    end = (
        f'". See https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group} '
        f"in account {ACCOUNT} for more information."
    )
    start = f'Received {whose} error ({status}) from {container} with message "'
    return start + original[: LONGEST_MESSAGE - len(start) - len(end)] + end
