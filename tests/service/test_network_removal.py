"""Networks are removed although containers are still in them, and never another's containers with them."""

import uuid

import pytest
from docker.errors import APIError

from local_test.host.labels import TRAINING, find, labels, remove, remove_network


@pytest.fixture
def attached(engine, train_image):
    """attached(service of the container) -> a network of service `removal-...` with a running container in it."""
    service, made = f"removal-{uuid.uuid4().hex[:8]}", []

    def attach(container_service: str | None = None):
        network = engine.networks.create(service, labels=labels(TRAINING, "job", service))
        container = engine.containers.create(
            train_image,
            ["600"],
            entrypoint="sleep",
            network=network.id,
            labels=labels(TRAINING, "job", container_service or service),
        )
        made.extend((container, network))
        container.start()
        return network, container

    yield attach
    for container in made[::2]:
        remove(container)
    for network in made[1::2]:
        remove_network(network)
    assert find(engine, service=service) == [] and engine.networks.list(names=[service]) == []


def test_a_network_goes_with_the_containers_of_its_service(attached, engine):
    network, container = attached()
    remove_network(network)
    assert (
        engine.networks.list(ids=[network.id]) == []
        and engine.containers.list(all=True, filters={"id": container.id}) == []
    )
    remove_network(network)  # once more: it is gone


def test_a_container_of_another_service_stays_and_so_does_the_network(attached, engine, monkeypatch):
    monkeypatch.setattr("local_test.host.labels.SECONDS_TO_LEAVE", 0.2)
    network, container = attached("another")
    with pytest.raises(APIError, match="active endpoints"):
        remove_network(network)
    assert engine.containers.list(filters={"id": container.id}) and engine.networks.list(ids=[network.id])
