"""EnableNetworkIsolation of a model: a network of its container's own, on which it answers and does nothing else.

https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html
"""

import uuid
from contextlib import ExitStack
from dataclasses import dataclass

from docker import DockerClient
from docker.models.networks import Network

from local_test.host.isolation.firewall import answers_only
from local_test.host.isolation.network_namespace import NetworkNamespace, hold
from local_test.host.labels import remove_network
from local_test.serving.container_address import publication


@dataclass(frozen=True)
class IsolatedNetwork:
    """The model's container joins `namespace`."""

    network: Network
    namespace: NetworkNamespace

    def remove(self) -> None:
        """To be called when the model's container is gone."""
        with ExitStack() as undo:
            undo.callback(remove_network, self.network)
            undo.callback(self.namespace.remove)


def isolate(engine: DockerClient, port: int, labels: dict[str, str]) -> IsolatedNetwork:
    """A network with one namespace in it, which only answers on `port`.

    Raises IsolationFailed, ImageNotBuilt, and docker's APIError; then nothing of it is left.
    """
    published = publication(engine, port)
    name = f"local-sagemaker-isolated-{uuid.uuid4().hex[:12]}"
    network = engine.networks.create(
        name, driver="bridge", internal=not published, labels=labels
    )  # an internal one publishes nothing
    try:
        return IsolatedNetwork(network, hold(engine, answers_only(port), labels, network=network.id, **published))
    except BaseException:
        remove_network(network)
        raise
