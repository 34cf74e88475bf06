"""A push by the real Docker, whose login runs out in the middle: it is renewed, and the rest is sent."""

import io
import tarfile
import uuid

import pytest

from scripts.aws import docker_cli
from scripts.console.failure import Failure
from tests.service.registry.expiring_registry import ExpiringRegistry

LAYERS = 6


@pytest.fixture
def image(client):
    """Makes an image of six small layers under a name."""
    made = []

    def make(name: str) -> str:
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            lines = ["FROM scratch", *(f"COPY {number} /{number}" for number in range(LAYERS))]
            for file, text in {
                "Dockerfile": "\n".join(lines),
                **{str(n): f"{name} {n}" for n in range(LAYERS)},
            }.items():
                entry = tarfile.TarInfo(file)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        context.seek(0)
        client.images.build(fileobj=context, custom_context=True, tag=name, rm=True, forcerm=True)
        made.append(name)
        return name

    yield make
    for name in made:
        client.images.remove(name, force=True)


@pytest.fixture
def docker_push_to(image, monkeypatch, tmp_path):
    """Logs in, and pushes a new image to a registry whose first token is good for so many blobs."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    made = []

    def push(blobs: int, refusal: tuple[int, str]) -> ExpiringRegistry:
        registry = ExpiringRegistry(blobs, refusal)
        made.append(registry)

        def log_in():
            words = ("login", "--username", "AWS", "--password-stdin", registry.host)
            docker_cli.docker(*words, text=registry.new_token())

        log_in()
        docker_cli.push(image(f"{registry.host}/dogbreed-train:{uuid.uuid4().hex[:8]}"), log_in, sleep=lambda _: None)
        return registry

    yield push, made
    for one in made:
        one.close()


@pytest.mark.parametrize("refusal", [(401, "UNAUTHORIZED"), (403, "DENIED")])
def test_the_login_is_renewed_and_the_rest_is_sent(docker_push_to, refusal, capfd):
    push, _ = docker_push_to
    registry = push(4, refusal)
    assert registry.refused > 0 and len(registry.manifests) == 1
    assert len(set(registry.arrived)) == LAYERS + 1  # the configuration is a blob, too
    assert len(registry.arrived) < 2 * (LAYERS + 1)  # what Docker did not hear of any more is sent again
    assert "the login to the registry has run out: logging in again" in capfd.readouterr().err


def test_a_login_that_is_good_for_nothing_ends_in_a_sentence(docker_push_to):
    push, made = docker_push_to
    with pytest.raises(Failure, match="docker login failed"):
        push(0, (401, "UNAUTHORIZED"))
    assert made[0].manifests == {}
