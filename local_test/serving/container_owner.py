"""Whose containers serve a model: an endpoint's own, or those of an inference component on it. Their labels, logs and
metrics follow from it.
"""

from dataclasses import dataclass

from local_test.api.logs import component_group, endpoint_group
from local_test.host.labels import COMPONENT, ENDPOINT


@dataclass(frozen=True)
class ContainerOwner:
    """kind, name: of the containers' labels. endpoint: that takes the requests. log_group: of CloudWatch."""

    kind: str
    name: str
    endpoint: str
    log_group: str

    @property
    def component(self) -> str | None:
        """The inference component's name; None for an endpoint."""
        return self.name if self.kind == COMPONENT else None


def owned_by_endpoint(name: str) -> ContainerOwner:
    return ContainerOwner(ENDPOINT, name, name, endpoint_group(name))


def owned_by_component(name: str, endpoint: str) -> ContainerOwner:
    return ContainerOwner(COMPONENT, name, endpoint, component_group(name))
