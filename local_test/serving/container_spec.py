"""What a serving container is started with, and the container that the engine makes of it.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from docker.types import Mount

from local_test.host.confinement import CONFINEMENT
from local_test.host.emulator_settings import Platform
from local_test.host.engine import gpu_requests
from local_test.host.labels import labels, remove
from local_test.serving.container_network import IsolatedNetwork, isolate, publication
from local_test.serving.container_start import ServingFailed

PORT = "8080"
PORT_VARIABLE = "SAGEMAKER_BIND_TO_PORT"  # of the container's environment, where it is another


@dataclass(frozen=True)
class ContainerSpec:
    """What a container is started with.

    Args:
        kind: of its labels: ENDPOINT, COMPONENT or TRANSFORM.
        name: of its labels: the endpoint's, the component's or the job's.
        image: as the request names it.
        environment: of the model and the job.
        mount: (folder, where the container sees it), read-only; None for a model in the image.
        role: ARN of the one that its program has at AWS services; None: of none.
        network_isolation: it answers, and reaches nothing.
        log_group: of CloudWatch.
        log_stream: of CloudWatch.
        seconds_to_ready: from its start until every one of `health` has answered 200.
        memory_mb: its limit, None for none.
        health: paths of GET requests.
    """

    kind: str
    name: str
    image: str
    environment: dict[str, str]
    mount: tuple[Path, str] | None
    role: str | None
    network_isolation: bool
    log_group: str
    log_stream: str
    seconds_to_ready: float
    memory_mb: int | None = None
    health: tuple[str, ...] = ("/ping",)

    def port(self) -> int:
        """That its server listens on. Raises ServingFailed."""
        port = self.environment.get(PORT_VARIABLE, PORT)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
            raise ServingFailed(f"{PORT_VARIABLE} in the model's Environment is {port!r}, which is not a port.")
        return int(port)


def create(
    platform: Platform, spec: ContainerSpec, image_id: str, port: int, undo: ExitStack
) -> tuple[Container, IsolatedNetwork | None]:
    """The container, not started, and its network if it is isolated. undo: gets what removes them."""
    marks = labels(spec.kind, spec.name, platform.service)
    isolated, access = None, dict[str, str]()
    mounts = [Mount(spec.mount[1], str(spec.mount[0]), type="bind", read_only=True)] if spec.mount else []
    if spec.network_isolation:
        isolated = isolate(platform.engine, port, marks)
        undo.callback(isolated.remove)
    else:
        mounts += platform.trusted.mounts()
    if spec.role and not isolated:
        grant = platform.container_access.grant(spec.role, spec.environment)
        undo.callback(grant.end)
        access = grant.variables
        if grant.missing:
            platform.logs.write(spec.log_group, spec.log_stream, [(int(time.time() * 1000), grant.missing)])
    environment = (
        dict(spec.environment) if isolated else platform.environment_of_container(image_id, access, spec.environment)
    )
    limit = f"{spec.memory_mb}m"
    options: dict[str, Any] = {
        **CONFINEMENT,
        **({"network_mode": isolated.namespace.mode} if isolated else publication(platform.engine, port)),
        **({"mem_limit": limit, "memswap_limit": limit} if spec.memory_mb else {}),
    }
    container = platform.engine.containers.create(
        image_id,
        ["serve"],
        environment=environment,
        mounts=mounts,
        labels=marks,
        device_requests=gpu_requests(platform.engine),
        platform="linux/amd64",
        **options,
    )
    undo.callback(remove, container)
    return container, isolated
