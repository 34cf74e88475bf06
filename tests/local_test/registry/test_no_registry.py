"""ECR where its registry cannot be started: the reason reaches whoever asks, and no fault of the request is claimed."""

from types import SimpleNamespace

import pytest
from moto.core.exceptions import ServiceException
from moto.ecr.models import ecr_backends

from local_test.host.small_image import ImageNotBuilt
from local_test.registry.ecr import LocalEcr
from local_test.registry.registry import RegistryError

ACCOUNT, REGION = "123456789012", "eu-west-3"


class NoRegistry:
    """In place of the registry: its port is taken, or its image cannot be built."""

    users = SimpleNamespace()

    def __init__(self, error):
        self.error = error

    @property
    def host(self):
        raise self.error

    def set_repositories(self, repositories):
        pass


@pytest.mark.parametrize(
    "error", [RegistryError("The registry could not be started on x."), ImageNotBuilt("x needs a Debian base image: y")]
)
def test_the_reason_is_an_error_of_ecrs(error):
    LocalEcr(NoRegistry(error), ACCOUNT, REGION)
    backend = ecr_backends[ACCOUNT][REGION]
    with pytest.raises(ServiceException) as refused:
        backend.create_repository(f"dogs-{type(error).__name__.lower()}", None, {}, None, "MUTABLE", [])
    assert refused.value.code == "ServerException"
    assert refused.value.message == f"The local ECR has no registry: {error}"
