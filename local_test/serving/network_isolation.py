"""EnableNetworkIsolation: a network that leads nowhere, one for each container.

https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html
"""

import platform as machine
import uuid

from docker import DockerClient
from docker.models.networks import Network

from local_test.labels import labels


def can_isolate(engine: DockerClient) -> bool:
    """Whether this process reaches a container whose network publishes nothing: the engine must run on this very kernel.

    Docker Desktop's engine is in a virtual machine, and a rootless engine in a network namespace of its own.
    """
    info = engine.info()
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or [])
    return info.get("KernelVersion") == machine.release() and not rootless


def isolated_network(engine: DockerClient, kind: str, name: str, service: str) -> Network:
    """An internal network: no route out, and no other container on it, since each container gets its own."""
    return engine.networks.create(
        f"local-sagemaker-isolated-{uuid.uuid4().hex[:12]}",
        driver="bridge",
        internal=True,
        labels=labels(kind, name, service),
    )
