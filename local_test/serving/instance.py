"""One instance of a production variant: a container, its model folder and the connections to it."""

import threading
import uuid
from dataclasses import dataclass
from typing import Any

from local_test.host.emulator_settings import Platform
from local_test.host.labels import ENDPOINT
from local_test.serving.container_client import ContainerClient
from local_test.serving.model_folder import ModelFolder, ModelFolders
from local_test.serving.models import the_container
from local_test.serving.serving_container import SECONDS_TO_READY, ServingContainer, ServingFailed


@dataclass(frozen=True)
class VariantPlan:
    """What a production variant is to be. model: its record. memory_mb and max_concurrency: None unless it is
    serverless.

    strategy: how its instances share its requests. described: the variant of the endpoint configuration.
    """

    name: str
    model: dict[str, Any]
    count: int
    weight: float
    strategy: str
    seconds_to_ready: int
    memory_mb: int | None
    max_concurrency: int | None
    described: dict[str, Any]

    @property
    def image(self) -> str:
        return the_container(self.model)["Image"]


def plan_variant(variant: dict[str, Any], model: dict[str, Any]) -> VariantPlan:
    """variant: ProductionVariant of an endpoint configuration."""
    serverless = variant.get("ServerlessConfig", {})
    return VariantPlan(
        name=variant["VariantName"],
        model=model,
        count=variant.get("InitialInstanceCount", 1),
        weight=variant.get("InitialVariantWeight", 1.0),
        strategy=variant.get("RoutingConfig", {}).get("RoutingStrategy", "RANDOM"),
        seconds_to_ready=variant.get("ContainerStartupHealthCheckTimeoutInSeconds", SECONDS_TO_READY),
        memory_mb=serverless.get("MemorySizeInMB"),
        max_concurrency=serverless.get("MaxConcurrency"),
        described=variant,
    )


class Instance:
    """outstanding: requests under way on it; its router counts them, under the router's lock."""

    def __init__(self, container: ServingContainer, model_folder: ModelFolder, log_stream: str):
        self.container, self._model_folder, self.log_stream = container, model_folder, log_stream
        self.client = ContainerClient(container.host, container.port)
        self.outstanding = 0

    @classmethod
    def start(
        cls, platform: Platform, folders: ModelFolders, endpoint: str, plan: VariantPlan, cancelled: threading.Event
    ) -> "Instance":
        """Raises ServingFailed; then nothing of it is left."""
        definition = the_container(plan.model)
        stream = f"{plan.name}/i-{uuid.uuid4().hex[:17]}"
        try:
            folder = folders.take(definition)
        except (ValueError, OSError) as error:
            raise ServingFailed(str(error)) from error
        try:
            container = ServingContainer.start(
                platform,
                kind=ENDPOINT,
                name=endpoint,
                image=definition["Image"],
                model=folder.path,
                environment=definition.get("Environment", {}),
                role=plan.model.get("ExecutionRoleArn"),
                network_isolation=plan.model.get("EnableNetworkIsolation", False),
                log_group=log_group(endpoint),
                log_stream=stream,
                seconds_to_ready=plan.seconds_to_ready,
                memory_mb=plan.memory_mb,
                cancelled=cancelled,
            )
        except BaseException:
            folder.release()
            raise
        return cls(container, folder, stream)

    def stop(self) -> None:
        self.client.close()
        try:
            self.container.stop()
        finally:
            self._model_folder.release()


def log_group(endpoint: str) -> str:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""
    return f"/aws/sagemaker/Endpoints/{endpoint}"
