"""Run a serve image as an endpoint: the model read-only, a random port on loopback, in service when /ping says so.

Contract: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import ImageNotFound
from docker.models.containers import Container

from local_test.archives import unpack
from local_test.engine import gpu_requests
from local_test.labels import ENDPOINT, NAME, find, labels

SECONDS_TO_READY = 8 * 60  # the platform's default before it gives up
SECONDS_TO_PING = 2
SECONDS_TO_STOP = 30
SECONDS_TO_ANSWER = 60
# The endpoint is on loopback: a proxy that the environment names has no part in it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EndpointFailed(RuntimeError):
    """The container did not come into service; the message ends with its last log lines."""


class ModelError(RuntimeError):
    """The container answered an invocation with an error; status and body are its own."""

    def __init__(self, status: int, body: str):
        super().__init__(f"The endpoint answered {status}: {body}")
        self.status, self.body = status, body


@dataclass(frozen=True)
class Endpoint:
    """name: as in its label. url: of the container on loopback. ready_seconds: from its start to its first good /ping."""

    name: str
    url: str
    ready_seconds: float
    container: Container

    def invoke(self, body: bytes, content_type: str) -> bytes:
        """POST /invocations. Raises ModelError."""
        request = urllib.request.Request(f"{self.url}/invocations", body, {"Content-Type": content_type, "Accept": "application/json"})
        try:
            with DIRECT.open(request, timeout=SECONDS_TO_ANSWER) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            raise ModelError(error.code, error.read().decode(errors="replace")) from error


@contextmanager
def serve(client: DockerClient, name: str, image: str, model: Path, environment: dict[str, str] | None = None) -> Iterator[Endpoint]:
    """Serve `model` (a model.tar.gz) from `image` for as long as the context lasts. Raises EndpointFailed, ValueError."""
    try:
        client.images.get(image)
    except ImageNotFound:
        raise ValueError(f"There is no image {image} on this machine. Build it with `make build`.") from None
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        unpack(model, Path(folder))
        Path(folder).chmod(0o755)
        port = (environment or {}).get("SAGEMAKER_BIND_TO_PORT", "8080")
        container = client.containers.create(
            image,
            ["serve"],
            environment=environment or {},
            volumes={folder: {"bind": "/opt/ml/model", "mode": "ro"}},
            ports={f"{port}/tcp": ("127.0.0.1", None)},
            labels=labels(ENDPOINT, name),
            device_requests=gpu_requests(client),
            platform="linux/amd64",
        )
        try:
            started = time.monotonic()
            container.start()
            url = _wait_until_in_service(container, name, started + SECONDS_TO_READY)
            yield Endpoint(name, url, time.monotonic() - started, container)
        finally:
            try:
                container.stop(timeout=SECONDS_TO_STOP)
            finally:
                container.remove(force=True, v=True)


def find_endpoint(client: DockerClient) -> Endpoint:
    """The endpoint that was started last, in this process or another. Raises EndpointFailed when none is in service."""
    for container in find(client, ENDPOINT, running_only=True):
        url = _url(container)
        if url and _in_service(url):
            return Endpoint(container.labels[NAME], url, 0.0, container)
    raise EndpointFailed("No endpoint is in service. Start one with `make local-serve` in another terminal.")


def _wait_until_in_service(container: Container, name: str, deadline: float) -> str:
    while time.monotonic() < deadline:
        container.reload()
        if container.status not in ("created", "running"):
            break
        url = _url(container)
        if url and _in_service(url):
            return url
        time.sleep(0.1)
    log = container.logs(tail=20).decode(errors="replace")
    state = f"ended with status {container.attrs['State']['ExitCode']}" if container.status == "exited" else "did not answer /ping in time"
    raise EndpointFailed(f"Endpoint {name} failed: its container {state}. Its last lines:\n{log}")


def _url(container: Container) -> str | None:
    published = [bindings[0]["HostPort"] for bindings in container.ports.values() if bindings]
    return f"http://127.0.0.1:{published[0]}" if published else None


def _in_service(url: str) -> bool:
    try:
        with DIRECT.open(f"{url}/ping", timeout=SECONDS_TO_PING) as response:
            return response.status == 200
    except OSError:
        return False
